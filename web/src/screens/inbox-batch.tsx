import { Button, Key } from '../ui/controls'
import { useShortcuts } from '../ui/shortcuts'
import { StatusIcon } from '../ui/status'
import { DecisionForm } from './decision-form'
import type { Suggestion } from './inbox'
import { useOutbox } from './undo-bar'

type BatchProps = {
  selected: Suggestion[]
  /** What became of some of them while the form was open. */
  fates: Map<string, string>
  /** Whether the form is open. */
  rejecting: boolean
  onReject: (rejecting: boolean) => void
  onClear: () => void
}

/** Decides on all that is selected at once. Questions need an answer each, so they stay. */
export function BatchBar({ selected: chosen, fates, rejecting, onReject, onClear }: BatchProps) {
  const outbox = useOutbox()
  const selected = chosen.filter(({ id }) => !fates.has(id))
  const gone = chosen.filter(({ id }) => fates.has(id))
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
  useShortcuts(rejecting ? {} : { a: approve, r: () => onReject(true) })
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
      {gone.length > 0 && (
        <div role="alert" className="max-h-[20dvh] space-y-1 overflow-y-auto text-sm text-warn">
          {gone.map(({ id, action }) => (
            <p key={id} className="wrap-anywhere">
              <span className="font-medium">{action}</span> is no longer among them. {fates.get(id)}
            </p>
          ))}
        </div>
      )}
      {approvable.length < selected.length && <p className="text-sm text-soft">{selected.length - approvable.length} of them are questions: approving leaves those, since each needs its own answer.</p>}
      {rejecting ? (
        <DecisionForm mode="reject" data={null} ended={selected.length === 0 ? 'Nothing is left to decide.' : undefined} onSend={reject} onCancel={() => onReject(false)} />
      ) : (
        <footer className="flex flex-wrap gap-2 border-t border-line pt-4">
          <Button look="brand" disabled={approvable.length === 0} onClick={approve}>
            Approve {approvable.length} <Key>A</Key>
          </Button>
          <Button look="danger" onClick={() => onReject(true)}>
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
