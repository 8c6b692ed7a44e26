import { useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect, useState, useSyncExternalStore } from 'react'
import { InboxDocument, type InboxQuery, type InboxQueryVariables } from '../gql'
import { useLiveQuery, useMaySteer } from '../live/hooks'
import { confidences, type InboxSearch, suggestionKinds } from '../search'
import { StartDemonstration } from '../ui/command'
import { Empty, Loading, Problem } from '../ui/controls'
import { Filter, FindField } from '../ui/filter'
import { InGraphiQL, PageHead } from '../ui/page'
import { useShortcuts } from '../ui/shortcuts'
import { BatchBar } from './inbox-batch'
import { Case } from './inbox-case'
import { InboxList } from './inbox-list'
import { decidedIn } from './outbox'
import { useOutbox } from './undo-bar'

export type Suggestion = InboxQuery['suggestions']['edges'][number]['node']

const confidenceFilters = { high: { gte: 0.9 }, middle: { gte: 0.7, lt: 0.9 }, low: { lt: 0.7 } }

/** What an address asks for, as the arguments of the query. */
export function variablesOf({ kind, sure, action }: InboxSearch): InboxQueryVariables {
  return {
    filter: {
      status: { eq: 'PENDING' },
      ...(kind && { kind: { eq: kind } }),
      ...(sure && { confidence: confidenceFilters[sure] }),
      ...(action && { action: { containsIgnoreCase: action } }),
    },
  }
}

/** What agents ask people to decide, the most urgent first. What is decided, here or elsewhere, leaves by itself. */
export function Inbox() {
  const search = useSearch({ from: '/inbox' })
  const variables = variablesOf(search)
  const { data, error, refetch } = useLiveQuery(InboxDocument, variables, (event) => event.__typename === 'SuggestionEvent')
  const outbox = useOutbox()
  const decided = decidedIn(useSyncExternalStore(outbox.batches.subscribe, outbox.batches.get))
  const waiting = data?.suggestions.edges.map((edge) => edge.node).filter(({ id, status }) => status === 'PENDING' && !decided.has(id))
  const filtered = Object.values(search).some((value) => value !== undefined)
  return (
    <>
      <PageHead title="Inbox">
        <InGraphiQL query={InboxDocument} variables={variables} />
      </PageHead>
      <Filters search={search} count={data?.suggestions.totalCount} />
      {error && <Problem error={error} retry={refetch} />}
      {!waiting && !error && <Loading rows={5} />}
      {waiting?.length === 0 && (filtered ? <Empty title="Nothing matches">Take a filter away to see what else waits.</Empty> : <NobodyWaits />)}
      {waiting && waiting.length > 0 && <Desk waiting={waiting} />}
    </>
  )
}

function NobodyWaits() {
  return (
    <Empty title="Nobody waits for you">
      When an agent calls createSuggestion, it appears here at once.
      <StartDemonstration />
    </Empty>
  )
}

const sureNames = { high: '90% sure or more', middle: '70–90%', low: 'Below 70%' }
const kindNames = { ACTION: 'Actions', QUESTION: 'Questions' }

function Filters({ search, count }: { search: InboxSearch; count: number | undefined }) {
  const navigate = useNavigate({ from: '/inbox' })
  const change = (part: InboxSearch) => navigate({ search: (before) => ({ ...before, ...part }), replace: true })
  return (
    <div className="mb-4 flex flex-wrap items-center gap-2">
      <FindField label="Find by action" value={search.action ?? ''} onChange={(action) => change({ action: action || undefined })} />
      <Filter legend="Kind" values={suggestionKinds} names={kindNames} chosen={search.kind ? [search.kind] : []} onToggle={(kind) => change({ kind: search.kind === kind ? undefined : kind })} />
      <Filter legend="Confidence" values={confidences} names={sureNames} chosen={search.sure ? [search.sure] : []} onToggle={(sure) => change({ sure: search.sure === sure ? undefined : sure })} />
      {count !== undefined && <span className="ml-auto text-sm text-soft tabular-nums">{count === 1 ? '1 waits' : `${count} wait`}</span>}
    </div>
  )
}

/** The list with the chosen one beside it. The place in the list is kept when the chosen one leaves. */
function Desk({ waiting }: { waiting: Suggestion[] }) {
  const maySteer = useMaySteer()
  const [chosen, setChosen] = useState<{ id: string; place: number } | null>(null)
  const [open, setOpen] = useState(false) // on a phone, where one hides the other
  const [marked, setMarked] = useState<Set<string>>(new Set())
  const found = chosen ? waiting.findIndex((suggestion) => suggestion.id === chosen.id) : 0
  const place = found >= 0 ? found : Math.min(chosen?.place ?? 0, waiting.length - 1)
  const suggestion = waiting[place]!
  const selected = waiting.filter(({ id }) => marked.has(id))
  const choose = (index: number) => {
    const next = waiting[Math.max(0, Math.min(index, waiting.length - 1))]!
    setChosen({ id: next.id, place: waiting.indexOf(next) })
  }
  const mark = (id: string) => setMarked(new Set(marked.has(id) ? [...marked].filter((one) => one !== id) : [...marked, id]))
  useEffect(() => setChosen({ id: suggestion.id, place }), [suggestion.id, place])
  useShortcuts({
    j: () => choose(place + 1),
    k: () => choose(place - 1),
    ArrowDown: () => choose(place + 1),
    ArrowUp: () => choose(place - 1),
    ...(maySteer && { x: () => mark(suggestion.id), X: () => setMarked(new Set(waiting.map(({ id }) => id))) }),
    ...(selected.length > 0 && { Escape: () => setMarked(new Set()) }),
  })
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-4 lg:grid-cols-[22rem_minmax(0,1fr)]">
      <div className={open ? 'hidden lg:block' : ''}>
        <InboxList
          waiting={waiting}
          place={place}
          marked={marked}
          maySteer={maySteer}
          onMark={mark}
          onChoose={(index) => {
            choose(index)
            setOpen(true)
          }}
        />
      </div>
      <div className={open ? '' : 'hidden lg:block'}>
        {selected.length > 0 ? <BatchBar selected={selected} onClear={() => setMarked(new Set())} /> : <Case key={suggestion.id} suggestion={suggestion} onBack={() => setOpen(false)} />}
      </div>
      {selected.length > 0 && !open && (
        <div className="lg:hidden">
          <BatchBar selected={selected} onClear={() => setMarked(new Set())} />
        </div>
      )}
    </div>
  )
}
