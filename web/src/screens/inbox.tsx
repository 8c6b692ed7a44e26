import { Link } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { useClient } from 'urql'
import { AnswerSuggestionDocument, ApproveSuggestionDocument, InboxDocument, type InboxQuery, RejectSuggestionDocument, type Verdict } from '../gql'
import { useLiveQuery, useMaySteer, useSession } from '../live/hooks'
import { Button, Empty, Key, Loading, Problem } from '../ui/controls'
import { Json } from '../ui/json'
import { InGraphiQL, PageHead } from '../ui/page'
import { useShortcuts } from '../ui/shortcuts'
import { StatusIcon } from '../ui/status'
import { Ago } from '../ui/time'
import { complain, toast } from '../ui/toast'
import { DecisionForm, type Mode } from './decision-form'

export type Suggestion = InboxQuery['suggestions']['edges'][number]['node']

/** What agents ask people to decide, longest waiting first. What is decided, here or elsewhere, leaves by itself. */
export function Inbox() {
  const { data, error, refetch } = useLiveQuery(InboxDocument, {}, (event) => event.__typename === 'SuggestionEvent')
  const waiting = data?.suggestions.edges.map((edge) => edge.node).filter((suggestion) => suggestion.status === 'PENDING')
  return (
    <>
      <PageHead title="Inbox">
        <InGraphiQL query={InboxDocument} variables={{}} />
      </PageHead>
      {error && <Problem error={error} retry={refetch} />}
      {!waiting && !error && <Loading rows={5} />}
      {waiting?.length === 0 && <Empty title="Nobody waits for you">When an agent calls createSuggestion, it appears here at once.</Empty>}
      {waiting && waiting.length > 0 && <Desk waiting={waiting} />}
    </>
  )
}

/** The list with the chosen one beside it. The place in the list is kept when the chosen one leaves. */
function Desk({ waiting }: { waiting: Suggestion[] }) {
  const [chosen, setChosen] = useState<{ id: string; place: number } | null>(null)
  const found = chosen ? waiting.findIndex((suggestion) => suggestion.id === chosen.id) : 0
  const place = found >= 0 ? found : Math.min(chosen?.place ?? 0, waiting.length - 1)
  const suggestion = waiting[place]!
  const choose = (index: number) => {
    const next = waiting[Math.max(0, Math.min(index, waiting.length - 1))]!
    setChosen({ id: next.id, place: waiting.indexOf(next) })
  }
  useEffect(() => setChosen({ id: suggestion.id, place }), [suggestion.id, place])
  useShortcuts({ j: () => choose(place + 1), k: () => choose(place - 1), ArrowDown: () => choose(place + 1), ArrowUp: () => choose(place - 1) })
  return (
    <div className="grid items-start gap-4 lg:grid-cols-[22rem_minmax(0,1fr)]">
      <ul className="max-h-[40dvh] divide-y divide-line overflow-y-auto rounded-xl border border-line bg-surface lg:max-h-[calc(100dvh-9rem)]">
        {waiting.map((one, index) => (
          <li key={one.id}>
            <Item suggestion={one} chosen={index === place} onChoose={() => choose(index)} />
          </li>
        ))}
      </ul>
      <Case key={suggestion.id} suggestion={suggestion} />
    </div>
  )
}

function Item({ suggestion, chosen, onChoose }: { suggestion: Suggestion; chosen: boolean; onChoose: () => void }) {
  const button = useRef<HTMLButtonElement>(null)
  useEffect(() => {
    if (chosen) button.current?.scrollIntoView({ block: 'nearest' })
  }, [chosen])
  return (
    <button ref={button} type="button" aria-current={chosen} onClick={onChoose} className="block w-full px-4 py-3 text-left text-sm hover:bg-raised/60 aria-[current=true]:bg-raised">
      <span className="flex items-center gap-2">
        <StatusIcon status={suggestion.kind === 'QUESTION' ? 'ANSWERED' : suggestion.blocking ? 'AWAITING_APPROVAL' : 'PENDING'} />
        <span className="min-w-0 flex-1 truncate font-medium">{suggestion.action}</span>
        <Ago at={suggestion.createdAt} className="text-xs text-faint" />
      </span>
      <span className="mt-0.5 block truncate pl-[1.4375rem] text-soft">
        {suggestion.agent.name} · {suggestion.task.name}
      </span>
    </button>
  )
}

function Case({ suggestion }: { suggestion: Suggestion }) {
  const maySteer = useMaySteer()
  return (
    <article className="space-y-5 rounded-xl border border-line bg-surface p-5 sm:p-6">
      <header>
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
      {maySteer ? <Decide suggestion={suggestion} /> : <p className="border-t border-line pt-4 text-sm text-soft">Your role may look, but not decide.</p>}
    </article>
  )
}

function Terms({ suggestion }: { suggestion: Suggestion }) {
  const percent = Math.round(suggestion.confidence * 100)
  return (
    <ul className="flex flex-wrap gap-2 text-xs font-medium">
      <li className="rounded-full bg-raised px-2.5 py-1">{percent}% sure</li>
      {suggestion.blocking && <li className="rounded-full bg-ask/12 px-2.5 py-1 text-ask">The task waits for this</li>}
      {suggestion.requiredApprovals > 1 && (
        <li className="rounded-full bg-raised px-2.5 py-1">
          {suggestion.decisions.length} of {suggestion.requiredApprovals} approvals
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

function Decide({ suggestion }: { suggestion: Suggestion }) {
  const client = useClient()
  const { viewer } = useSession()
  const [mode, setMode] = useState<Mode | null>(null)
  const [busy, setBusy] = useState(false)
  const question = suggestion.kind === 'QUESTION'
  const decided = suggestion.decisions.some((decision) => decision.by.id === viewer.id)

  const settle = async (deciding: Promise<{ error?: Error | undefined }>, done: string) => {
    setBusy(true)
    const { error } = await deciding
    setBusy(false)
    if (error) return complain(error)
    setMode(null)
    toast(`${done}: ${suggestion.action}`)
  }
  const { id, actionHash } = suggestion
  const approve = (data?: unknown) =>
    settle(client.mutation(ApproveSuggestionDocument, { input: { id, actionHash, ...(data !== undefined && { data }) } }).toPromise(), data === undefined ? 'Approved' : 'Approved as changed')
  const reject = (reason: string) => settle(client.mutation(RejectSuggestionDocument, { input: { id, ...(reason && { reason }) } }).toPromise(), 'Rejected')
  const answer = (answer: unknown) => settle(client.mutation(AnswerSuggestionDocument, { input: { id, answer } }).toPromise(), 'Answered')

  const first = question ? () => setMode('answer') : () => approve()
  useShortcuts(mode || busy || decided ? {} : { a: first, r: () => setMode('reject'), ...(!question && { m: () => setMode('modify') }) })
  if (decided) return <p className="border-t border-line pt-4 text-sm text-soft">You have decided; it waits for others.</p>
  if (mode) {
    const send = { reject, modify: approve, answer }[mode] as (value: unknown) => void
    return <DecisionForm mode={mode} data={suggestion.data} busy={busy} onSend={send} onCancel={() => setMode(null)} />
  }
  return (
    <footer className="flex flex-wrap items-center gap-2 border-t border-line pt-4">
      <Button look="brand" disabled={busy} onClick={first}>
        {question ? 'Answer' : 'Approve'} <Key>A</Key>
      </Button>
      {!question && (
        <Button disabled={busy} onClick={() => setMode('modify')}>
          Change and approve <Key>M</Key>
        </Button>
      )}
      <Button look="danger" disabled={busy} onClick={() => setMode('reject')}>
        Reject <Key>R</Key>
      </Button>
      <span className="ml-auto hidden text-xs text-faint sm:inline">
        <Key>J</Key> <Key>K</Key> to move
      </span>
    </footer>
  )
}
