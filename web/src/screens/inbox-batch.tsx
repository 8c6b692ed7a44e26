import { useState } from 'react'
import { Button, Key } from '../ui/controls'
import { useShortcuts } from '../ui/shortcuts'
import { StatusIcon } from '../ui/status'
import { DecisionForm } from './decision-form'
import type { Suggestion } from './inbox'
import { useOutbox } from './undo-bar'

/** Decides on all that is selected at once. Questions need an answer each, so they stay. */
export function BatchBar({ selected, onClear }: { selected: Suggestion[]; onClear: () => void }) {
  const outbox = useOutbox()
  const [rejecting, setRejecting] = useState(false)
  const approvable = selected.filter(({ kind }) => kind === 'ACTION')
  const approve = () => {
    if (approvable.length === 0) return
    outbox.decide(approvable.map((suggestion) => ({ suggestion, verdict: 'APPROVE' })))
    onClear()
  }
  const reject = (reason: unknown) => {
    outbox.decide(selected.map((suggestion) => ({ suggestion, verdict: 'REJECT', ...(typeof reason === 'string' && reason && { note: reason }) })))
    onClear()
  }
  useShortcuts(rejecting ? {} : { a: approve, r: () => setRejecting(true) })
  return (
    <section aria-label="Selected" className="space-y-4 rounded-xl border border-brand/50 bg-surface p-5 sm:p-6">
      <h2 className="text-lg font-semibold">{selected.length} selected</h2>
      <ul className="max-h-[40dvh] space-y-1.5 overflow-y-auto text-sm">
        {selected.map(({ id, action, agent, kind }) => (
          <li key={id} className="flex items-center gap-2">
            <StatusIcon status={kind === 'QUESTION' ? 'ANSWERED' : 'PENDING'} />
            <span className="truncate font-medium">{action}</span>
            <span className="truncate text-soft">{agent.name}</span>
          </li>
        ))}
      </ul>
      {approvable.length < selected.length && <p className="text-sm text-soft">{selected.length - approvable.length} of them are questions: approving leaves those, since each needs its own answer.</p>}
      {rejecting ? (
        <DecisionForm mode="reject" data={null} onSend={reject} onCancel={() => setRejecting(false)} />
      ) : (
        <footer className="flex flex-wrap gap-2 border-t border-line pt-4">
          <Button look="brand" disabled={approvable.length === 0} onClick={approve}>
            Approve {approvable.length} <Key>A</Key>
          </Button>
          <Button look="danger" onClick={() => setRejecting(true)}>
            Reject {selected.length} <Key>R</Key>
          </Button>
          <Button look="quiet" onClick={onClear}>
            Select none <Key>Esc</Key>
          </Button>
        </footer>
      )}
    </section>
  )
}
