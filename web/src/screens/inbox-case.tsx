import { Link } from '@tanstack/react-router'
import { ChevronLeft } from 'lucide-react'
import type { Verdict } from '../gql'
import { useMaySteer, useSession } from '../live/hooks'
import { Button, Key } from '../ui/controls'
import { Json } from '../ui/json'
import { useShortcuts } from '../ui/shortcuts'
import { Ago } from '../ui/time'
import { DecisionForm, type Mode } from './decision-form'
import type { Suggestion } from './inbox'
import type { Ruling } from './outbox'
import { useOutbox } from './undo-bar'

type DecideProps = {
  suggestion: Suggestion
  /** The form that is open; null when none is. */
  mode: Mode | null
  /** What became of it while the form was open. */
  fate: string | undefined
  onWrite: (mode: Mode | null) => void
}

/** Everything that a person needs to decide, and the ways to do so. */
export function Case({ onBack, ...decide }: DecideProps & { onBack: () => void }) {
  const { suggestion } = decide
  const maySteer = useMaySteer()
  return (
    <article className="space-y-5 rounded-xl border border-line bg-surface p-5 sm:p-6">
      <header>
        <Button look="quiet" Icon={ChevronLeft} onClick={onBack} className="mb-3 -ml-3 lg:hidden">
          All that wait
        </Button>
        <p className="text-sm text-soft">
          <span className="font-medium text-ink">{suggestion.agent.name}</span> {suggestion.kind === 'QUESTION' ? 'asks' : 'wants to'}
        </p>
        <h2 className="mt-1 text-xl leading-snug font-semibold tracking-tight">{suggestion.action}</h2>
        <p className="mt-2 text-sm text-soft">
          in{' '}
          <Link to="." search={{ task: suggestion.task.id }} className="text-ink hover:underline">
            {suggestion.task.name}
          </Link>{' '}
          of{' '}
          <Link to="/workflows/$id" params={{ id: suggestion.workflow.id }} className="text-ink hover:underline">
            {suggestion.workflow.name}
          </Link>
        </p>
      </header>
      <Terms suggestion={suggestion} />
      <section>
        <h3 className="mb-1 text-sm font-semibold">Why</h3>
        <p className="max-w-prose text-sm whitespace-pre-wrap">{suggestion.reasoning}</p>
      </section>
      {suggestion.data !== null && (
        <section>
          <h3 className="mb-2 text-sm font-semibold">With</h3>
          <Json value={suggestion.data} />
        </section>
      )}
      <Verdicts suggestion={suggestion} />
      {maySteer ? <Decide {...decide} /> : <p className="border-t border-line pt-4 text-sm text-soft">Your role may look, but not decide.</p>}
    </article>
  )
}

function Terms({ suggestion }: { suggestion: Suggestion }) {
  const percent = Math.round(suggestion.confidence * 100)
  const { decided, approvalRate } = suggestion.agent.oversight
  return (
    <ul className="flex flex-wrap gap-2 text-xs font-medium">
      <li className="rounded-full bg-raised px-2.5 py-1">{percent}% sure</li>
      {approvalRate !== null && (
        <li className="rounded-full bg-raised px-2.5 py-1">
          {Math.round(approvalRate * 100)}% of {decided} earlier ones approved
        </li>
      )}
      {suggestion.blocking && <li className="rounded-full bg-ask/12 px-2.5 py-1 text-ask">The task waits for this</li>}
      {suggestion.requiredApprovals > 1 && (
        <li className="rounded-full bg-raised px-2.5 py-1">
          {approvals(suggestion).length} of {suggestion.requiredApprovals} approvals
        </li>
      )}
      {suggestion.expiresAt && (
        <li className="rounded-full bg-warn/12 px-2.5 py-1 text-warn">
          {suggestion.onExpiry === 'APPROVE' ? 'Approves itself' : 'Rejects itself'} <Ago at={suggestion.expiresAt} />
        </li>
      )}
    </ul>
  )
}

/** Those that count: of what is suggested now, since somebody may have changed what others approved. */
const approvals = ({ decisions, actionHash }: Suggestion) => decisions.filter((decision) => decision.actionHash === actionHash)

const verdicts: Record<Verdict, string> = { APPROVE: 'approved', REJECT: 'rejected', ANSWER: 'answered' }

function Verdicts({ suggestion }: { suggestion: Suggestion }) {
  if (suggestion.decisions.length === 0) return null
  return (
    <ul className="space-y-1 text-sm">
      {suggestion.decisions.map((decision) => (
        <li key={decision.at}>
          <span className="font-medium">{decision.by.name}</span> {verdicts[decision.verdict]} <Ago at={decision.at} className="text-faint" />
          {decision.note && <span className="text-soft"> “{decision.note}”</span>}
        </li>
      ))}
    </ul>
  )
}

function Decide({ suggestion, mode, fate, onWrite }: DecideProps) {
  const outbox = useOutbox()
  const { viewer } = useSession()
  const question = suggestion.kind === 'QUESTION'
  const decided = approvals(suggestion).some((decision) => decision.by.id === viewer.id)
  const rule = (ruling: Omit<Ruling, 'suggestion'>) => {
    outbox.decide([{ suggestion, ...ruling }])
    onWrite(null)
  }
  const approve = () => rule({ verdict: 'APPROVE' })
  const senders: Record<Mode, (value: unknown) => void> = {
    reject: (reason) => rule({ verdict: 'REJECT', ...(typeof reason === 'string' && reason && { note: reason }) }),
    modify: (data) => rule({ verdict: 'APPROVE', data }),
    answer: (answer) => rule({ verdict: 'ANSWER', answer }),
  }
  const first = question ? () => onWrite('answer') : approve
  useShortcuts(mode || decided ? {} : { a: first, r: () => onWrite('reject'), ...(!question && { m: () => onWrite('modify') }) })
  if (mode) return <DecisionForm mode={mode} data={suggestion.data} ended={fate} onSend={senders[mode]} onCancel={() => onWrite(null)} />
  if (decided) return <p className="border-t border-line pt-4 text-sm text-soft">You have decided; it waits for others.</p>
  return (
    <footer className="flex flex-wrap items-center gap-2 border-t border-line pt-4">
      <Button look="brand" onClick={first}>
        {question ? 'Answer' : 'Approve'} <Key>A</Key>
      </Button>
      {!question && (
        <Button onClick={() => onWrite('modify')}>
          Change and approve <Key>M</Key>
        </Button>
      )}
      <Button look="danger" onClick={() => onWrite('reject')}>
        Reject <Key>R</Key>
      </Button>
      <span className="ml-auto hidden text-xs text-faint sm:inline">
        <Key>J</Key> <Key>K</Key> to move, <Key>X</Key> to select
      </span>
    </footer>
  )
}
