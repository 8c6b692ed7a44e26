import { type FormEvent, type KeyboardEvent, useState } from 'react'
import { Button, Key } from '../ui/controls'
import { JsonField, parseJSON } from '../ui/json-field'

export type Mode = 'reject' | 'modify' | 'answer'

type Props = {
  mode: Mode
  data: unknown
  /** Why there is nothing left to decide, if so. What was typed stays, but can no longer be sent. */
  ended?: string | undefined
  onSend: (value: unknown) => void
  onCancel: () => void
}

const words: Record<Mode, { label: string; action: string; hint: string }> = {
  reject: { label: 'Why not? The agent reads it', action: 'Reject', hint: 'May be left empty' },
  modify: { label: 'The data to approve instead', action: 'Approve as changed', hint: '' },
  answer: { label: 'Your answer', action: 'Answer', hint: 'Text, or JSON such as true, 42 or { "choice": "b" }' },
}

/** What a decision needs besides a key: a reason, an answer, or changed data. */
export function DecisionForm({ mode, data, ended, onSend, onCancel }: Props) {
  const suggested = JSON.stringify(data, null, 2)
  const [text, setText] = useState(mode === 'modify' ? suggested : '')
  const { value, problem } = valueOf(mode, text)
  const { label, action, hint } = words[mode]
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!problem && ended === undefined) onSend(value)
  }
  const press = (event: KeyboardEvent) => {
    if (event.key === 'Escape') onCancel()
    if (event.key === 'Enter' && (mode === 'reject' ? !event.shiftKey : event.ctrlKey || event.metaKey)) submit(event)
  }
  return (
    <form onSubmit={submit} className="space-y-3 border-t border-line pt-4">
      {mode === 'modify' ? (
        <JsonField label={label} text={text} onChange={setText} before={suggested} onKeyDown={press} autoFocus />
      ) : (
        <label className="block text-sm font-medium">
          {label}
          <textarea
            autoFocus
            value={text}
            onChange={(event) => setText(event.target.value)}
            onKeyDown={press}
            placeholder={hint}
            rows={3}
            aria-invalid={problem !== null}
            aria-describedby="problem"
            className="mt-1.5 block w-full rounded-lg border border-line bg-canvas px-3 py-2 text-sm font-normal aria-[invalid=true]:border-bad"
          />
        </label>
      )}
      <p id="problem" className="text-sm text-bad empty:hidden">
        {text !== '' && problem}
      </p>
      {ended === undefined ? (
        <div className="flex gap-2">
          <Button type="submit" look={mode === 'reject' ? 'danger' : 'brand'} disabled={problem !== null}>
            {action}
          </Button>
          <Button look="quiet" onClick={onCancel}>
            Back
          </Button>
        </div>
      ) : (
        <div className="flex flex-wrap items-center gap-3">
          <p role="alert" className="min-w-0 text-sm font-medium wrap-anywhere text-warn">
            {ended}
          </p>
          <Button onClick={onCancel}>
            Leave it <Key>Esc</Key>
          </Button>
        </div>
      )}
    </form>
  )
}

/** What was typed, as the API wants it, or why it cannot be sent. */
export function valueOf(mode: Mode, text: string): { value: unknown; problem: string | null } {
  const json = parseJSON(text)
  switch (mode) {
    case 'reject':
      return { value: text.trim(), problem: null }
    case 'modify':
      return json.ok ? { value: json.value, problem: null } : { value: undefined, problem: 'This is not JSON yet.' }
    case 'answer':
      return { value: json.ok ? json.value : text.trim(), problem: text.trim() ? null : 'An answer is needed.' }
  }
}
