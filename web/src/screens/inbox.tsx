import { useNavigate, useSearch } from '@tanstack/react-router'
import { useSyncExternalStore } from 'react'
import { InboxDocument, type InboxQuery, type InboxQueryVariables } from '../gql'
import { useLiveQuery } from '../live/hooks'
import { confidences, type InboxSearch, suggestionKinds } from '../search'
import { StartDemonstration } from '../ui/command'
import { Empty, Loading, Problem } from '../ui/controls'
import { Filter, FindField } from '../ui/filter'
import { InGraphiQL, PageHead } from '../ui/page'
import { Desk } from './inbox-desk'
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

/** What agents ask people to decide, the most urgent first. What is decided, here or elsewhere, leaves by itself, unless somebody is writing about it. */
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
      {waiting && <Desk waiting={waiting} none={filtered ? <Empty title="Nothing matches">Take a filter away to see what else waits.</Empty> : <NobodyWaits />} />}
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
