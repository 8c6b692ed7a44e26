import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { ActivityDocument, type ActivityQuery, type EntityType, type EventFilter } from '../gql'
import { useLiveQuery } from '../live/hooks'
import type { LiveEvent } from '../live/stream'
import { type EventGroup, eventGroups, groupOf, type Paging } from '../search'
import { Empty, Loading, Problem } from '../ui/controls'
import { changeWords, Subject, toneOf, verbOf } from '../ui/event'
import { InGraphiQL, PageHead } from '../ui/page'
import { Pager, pageArguments } from '../ui/pager'
import { toneFill, wordsOf } from '../ui/status'
import { Ago } from '../ui/time'
import { Export } from './activity-export'

type Node = ActivityQuery['events']['edges'][number]['node']

const pageSize = 50

/** The audit log: who changed what, newest first. */
export function Activity() {
  const { about, after, before } = useSearch({ from: '/activity' })
  const navigate = useNavigate({ from: '/activity' })
  const filter = filterOf(about)
  return (
    <>
      <PageHead title="Activity">
        <Export filter={filter} />
        <InGraphiQL query={ActivityDocument} variables={{ filter, first: pageSize }} />
      </PageHead>
      <fieldset className="mb-4 flex flex-wrap gap-1.5">
        <legend className="sr-only">About</legend>
        {[undefined, ...eventGroups].map((group) => (
          <button
            key={group ?? 'all'}
            type="button"
            aria-pressed={about === group}
            onClick={() => navigate({ search: (search) => ({ ...search, about: group, after: undefined, before: undefined }), replace: true })}
            className="rounded-full border border-line bg-surface px-3 py-1.5 text-sm text-soft hover:text-ink aria-pressed:border-brand aria-pressed:bg-brand/10 aria-pressed:text-ink"
          >
            {group ? groupNames[group] : 'Everything'}
          </button>
        ))}
      </fieldset>
      <div className="overflow-hidden rounded-xl border border-line bg-surface">
        <EventFeed filter={filter} place={{ after, before }} matches={(event) => about === undefined || groupOf(event.type) === about} />
      </div>
    </>
  )
}

const entities: Record<EventGroup, EntityType[]> = {
  WORKFLOW: ['WORKFLOW'],
  TASK: ['TASK'],
  AGENT: ['AGENT'],
  SUGGESTION: ['SUGGESTION'],
  COMMENT: ['COMMENT'],
  APPROVAL_POLICY: ['APPROVAL_POLICY'],
  ACCESS: ['USER', 'API_KEY'],
}

const groupNames: Record<EventGroup, string> = {
  WORKFLOW: 'Workflows',
  TASK: 'Tasks',
  AGENT: 'Agents',
  SUGGESTION: 'Suggestions',
  COMMENT: 'Comments',
  APPROVAL_POLICY: 'Policies',
  ACCESS: 'Access',
}

function filterOf(about: EventGroup | undefined): EventFilter {
  return about ? { entityType: { in: entities[about] } } : {}
}

type FeedProps = { filter: EventFilter; place?: Paging; matches: (event: LiveEvent) => boolean }

/** A page of events; the newest page moves by itself. */
export function EventFeed({ filter, place = {}, matches }: FeedProps) {
  const newest = !place.after && !place.before
  const { data, error, refetch } = useLiveQuery(ActivityDocument, { filter, ...pageArguments(place, pageSize) }, (event) => newest && matches(event))
  if (error) return <Problem error={error} retry={refetch} />
  if (!data) return <Loading rows={5} />
  if (data.events.edges.length === 0) return <Empty title="Nothing has happened">Whatever changes is written here, with who changed it.</Empty>
  return (
    <>
      <ol className="divide-y divide-line">
        {data.events.edges.map(({ node }) => (
          <Row key={node.id} event={node} />
        ))}
      </ol>
      <Pager page={data.events.pageInfo} shown={newest ? 'The newest' : 'Earlier'} />
    </>
  )
}

function Row({ event }: { event: Node }) {
  const [open, setOpen] = useState(false)
  const changed = event.changes.map(changeWords).join(', ')
  return (
    <li className="px-4 py-2.5 text-sm">
      <div className="flex items-center gap-3">
        <span className={`size-2 shrink-0 rounded-full ${toneFill[toneOf(event.type)]}`} />
        <span className="min-w-0 flex-1 md:truncate">
          <span className="text-faint">{wordsOf(groupOf(event.type))}</span> <Subject event={event} /> <span className="text-soft">{verbOf(event.type)}</span>
          <span className="block truncate text-xs text-faint md:hidden">{event.actor.name}</span>
        </span>
        {event.changes.length > 0 && (
          <button type="button" aria-expanded={open} onClick={() => setOpen(!open)} className="hidden max-w-56 truncate rounded xl:max-w-md px-1.5 text-soft hover:bg-raised hover:text-ink sm:block">
            {changed}
          </button>
        )}
        <span className="hidden w-36 shrink-0 truncate text-soft md:block">{event.actor.name}</span>
        <Ago at={event.at} className="w-16 shrink-0 text-right text-xs text-faint" />
      </div>
      {open && <Changes event={event} />}
    </li>
  )
}

function Changes({ event }: { event: Node }) {
  return (
    <dl className="mt-2 ml-5 grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1 rounded-lg bg-raised/60 p-3 font-mono text-xs">
      {event.changes.map(({ field, before, after }) => (
        <div key={field} className="contents">
          <dt className="text-soft">{field}</dt>
          <dd className="break-words">
            <span className="text-faint line-through">{JSON.stringify(before)}</span> → {JSON.stringify(after)}
          </dd>
        </div>
      ))}
      {event.requestId && (
        <div className="contents">
          <dt className="text-faint">request</dt>
          <dd className="break-all text-faint">{event.requestId}</dd>
        </div>
      )}
    </dl>
  )
}
