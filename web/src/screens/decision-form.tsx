import { diffLines } from 'diff'
import { type FormEvent, type KeyboardEvent, useState } from 'react'
import { Button } from '../ui/controls'

export type Mode = 'reject' | 'modify' | 'answer'

type Props = { mode: Mode; data: unknown; onSend: (value: unknown) => void; onCancel: () => void }

const words: Record<Mode, { label: string; action: string; hint: string }> = {
  reject: { label: 'Why not? The agent reads it', action: 'Reject', hint: 'May be left empty' },
  modify: { label: 'The data to approve instead', action: 'Approve as changed', hint: '' },
  answer: { label: 'Your answer', action: 'Answer', hint: 'Text, or JSON such as true, 42 or { "choice": "b" }' },
}

/** What a decision needs besides a key: a reason, an answer, or changed data. */
export function DecisionForm({ mode, data, onSend, onCancel }: Props) {
  const suggested = JSON.stringify(data, null, 2)
  const [text, setText] = useState(mode === 'modify' ? suggested : '')
  const { value, problem } = valueOf(mode, text)
  const { label, action, hint } = words[mode]
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!problem) onSend(value)
  }
  const press = (event: KeyboardEvent) => {
    if (event.key === 'Escape') onCancel()
    if (event.key === 'Enter' && (mode === 'reject' ? !event.shiftKey : event.ctrlKey || event.metaKey)) submit(event)
  }
  return (
    <form onSubmit={submit} className="space-y-3 border-t border-line pt-4">
      <div className="grid gap-3 xl:grid-cols-2">
      <label className={`block text-sm font-medium ${mode === 'modify' ? '' : 'xl:col-span-2'}`}>
        {label}
        <textarea
          autoFocus
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={press}
          placeholder={hint}
          rows={mode === 'modify' ? Math.min(16, text.split('\n').length + 1) : 3}
          aria-invalid={problem !== null}
          aria-describedby="problem"
          className={`mt-1.5 block w-full rounded-lg border border-line bg-canvas px-3 py-2 text-sm font-normal aria-[invalid=true]:border-bad ${mode === 'modify' ? 'font-mono text-xs' : ''}`}
        />
      </label>
      {mode === 'modify' && <Difference from={suggested} to={problem ? null : JSON.stringify(value, null, 2)} />}
      </div>
      <p id="problem" className="text-sm text-bad empty:hidden">
        {text !== '' && problem}
      </p>
      <div className="flex gap-2">
        <Button type="submit" look={mode === 'reject' ? 'danger' : 'brand'} disabled={problem !== null}>
          {action}
        </Button>
        <Button look="quiet" onClick={onCancel}>
          Back
        </Button>
      </div>
    </form>
  )
}

const marks = { added: ['+', 'bg-good/12 text-good'], removed: ['−', 'bg-bad/12 text-bad'], same: [' ', 'text-soft'] } as const

/** What the person has changed, line by line; null while it is not JSON. */
function Difference({ from, to }: { from: string; to: string | null }) {
  const parts = to === null ? [] : diffLines(from, to)
  const lines = parts.flatMap(({ added, removed, value }) => {
    const kind = added ? 'added' : removed ? 'removed' : 'same'
    return value.replace(/\n$/, '').split('\n').map((line) => ({ line, kind: marks[kind] }))
  })
  return (
    <div className="flex min-w-0 flex-col text-sm">
      <span className="font-medium">What you change</span>
      <pre role="region" aria-label="What you change" tabIndex={0} className="mt-1.5 min-h-9 flex-1 overflow-auto rounded-lg border border-line py-2 font-mono text-xs leading-5">
        {parts.every(({ added, removed }) => !added && !removed) ? (
          <span className="px-3 text-faint">{to === null ? 'Not JSON yet.' : 'Nothing yet.'}</span>
        ) : (
          lines.map(({ line, kind: [sign, style] }, index) => (
            <div key={index} className={`px-3 ${style}`}>
              {sign} {line}
            </div>
          ))
        )}
      </pre>
    </div>
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

function parseJSON(text: string): { ok: true; value: unknown } | { ok: false } {
  try {
    return { ok: true, value: JSON.parse(text) }
  } catch {
    return { ok: false }
  }
}
