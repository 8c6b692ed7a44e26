import { Link, useParams, useSearch } from '@tanstack/react-router'
import { CopyPlus, Plus } from 'lucide-react'
import { lazy, Suspense, useRef, useState } from 'react'
import { WorkflowDocument } from '../gql'
import { useEvents, useMaySteer } from '../live/hooks'
import type { LiveEvent } from '../live/stream'
import { Button, Empty, Loading, Panel, Problem } from '../ui/controls'
import { counted } from '../ui/count'
import { NotFound } from '../ui/not-found'
import { InGraphiQL, PageHead } from '../ui/page'
import { PriorityLabel, Progress, StatusLabel } from '../ui/status'
import { Ago, Lasting } from '../ui/time'
import { EventFeed } from './activity'
import { type Task, tasksOf, useAllTasks, type Workflow } from './all-tasks'
import { TaskList } from './task-list'
import { WorkflowActions } from './workflow-actions'

const TaskGraph = lazy(() => import('./graph').then((module) => ({ default: module.TaskGraph })))

const AddTask = lazy(() => import('./add-task'))

const Board = lazy(() => import('./board').then((module) => ({ default: module.Board })))

const Timeline = lazy(() => import('./timeline').then((module) => ({ default: module.Timeline })))

const views = [
  { view: undefined, name: 'Graph' },
  { view: 'list', name: 'List' },
  { view: 'board', name: 'Board' },
  { view: 'timeline', name: 'Timeline' },
  { view: 'activity', name: 'Activity' },
] as const

/** One workflow: its tasks as a graph or as a list, and what happened to it. */
export function WorkflowPage() {
  const { id } = useParams({ from: '/workflows/$id' })
  const { view, ...place } = useSearch({ from: '/workflows/$id' })
  const { pages, error, reload } = useAllTasks(id)
  useReloadWhenShapeChanges(id, reload)
  const workflow = pages[0]?.workflow
  if (workflow === null) return <NotFound />
  if (!workflow) return error ? <Problem error={error} retry={reload} /> : <Loading rows={5} />
  const tasks = tasksOf(pages)
  return (
    <>
      <PageHead title={workflow.name} below={<Facts workflow={workflow} />}>
        <WorkflowActions workflow={workflow} />
        <Create workflow={workflow} tasks={tasks} />
        <InGraphiQL query={WorkflowDocument} variables={{ id }} />
      </PageHead>
      {error && <Problem error={error} retry={reload} />}
      <nav aria-label="Views" className="mb-3 flex gap-1">
        {views.map(({ view, name }) => (
          <Link
            key={name}
            to="."
            search={{ view }}
            activeOptions={{ exact: true, includeSearch: true }}
            activeProps={{ className: 'bg-raised text-ink' }}
            inactiveProps={{ className: 'text-soft hover:text-ink' }}
            className="rounded-lg px-3 py-1.5 text-sm font-medium"
          >
            {name}
          </Link>
        ))}
      </nav>
      {view === 'activity' ? (
        <Panel title="Activity">
          <EventFeed filter={{ workflowId: { eq: id } }} place={place} matches={(event) => belongsTo(event, id)} />
        </Panel>
      ) : view === 'timeline' ? (
        <Suspense fallback={<Loading rows={5} />}>
          <Timeline id={id} place={place} />
        </Suspense>
      ) : tasks.length === 0 ? (
        <Empty title="No tasks yet">createTask adds one; it appears here at once.</Empty>
      ) : view === 'list' ? (
        <TaskList workflowId={id} tasks={tasks} />
      ) : view === 'board' ? (
        <Suspense fallback={<Loading rows={5} />}>
          <Board tasks={tasks} />
        </Suspense>
      ) : (
        <Suspense fallback={<Loading rows={5} />}>
          <TaskGraph tasks={tasks} />
        </Suspense>
      )}
    </>
  )
}

/** Adds a task to this one, or begins another like it. */
function Create({ workflow, tasks }: { workflow: Workflow; tasks: Task[] }) {
  const [adding, setAdding] = useState(false)
  if (!useMaySteer()) return null
  const hasEnded = ['COMPLETED', 'FAILED', 'CANCELLED'].includes(workflow.status)
  return (
    <>
      {!hasEnded && (
        <Button Icon={Plus} onClick={() => setAdding(true)}>
          Task
        </Button>
      )}
      <Link to="/workflows/new" search={{ from: workflow.id }} aria-label="New workflow like this one" title="New workflow like this one" className="rounded-lg border border-line bg-surface p-2 text-soft hover:bg-raised hover:text-ink">
        <CopyPlus size={15} aria-hidden />
      </Link>
      <Suspense>{adding && <AddTask workflowId={workflow.id} tasks={tasks} onClose={() => setAdding(false)} />}</Suspense>
    </>
  )
}

/** Tasks that come, go or are tied together differently cannot be told from an event alone. */
function useReloadWhenShapeChanges(id: string, reload: () => void) {
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const latest = useRef(reload)
  latest.current = reload
  useEvents((events) => {
    const changed = events.some((event) => event.__typename === 'TaskEvent' && event.workflowId === id && /_(CREATED|UPDATED|DELETED)$/.test(event.type))
    if (!changed || timer.current !== undefined) return
    timer.current = setTimeout(() => {
      timer.current = undefined
      latest.current()
    }, 500)
  })
}

function belongsTo(event: LiveEvent, id: string): boolean {
  return 'workflowId' in event ? event.workflowId === id : event.__typename === 'SuggestionEvent' && event.suggestion?.workflow.id === id
}

function Facts({ workflow }: { workflow: Workflow }) {
  const { completed, skipped, total } = workflow.taskCounts
  return (
    <>
      <div className="mt-2 flex flex-wrap items-center gap-x-4 gap-y-1 text-sm text-soft">
        <StatusLabel status={workflow.status} />
        <span className="tabular-nums">
          {completed + skipped} of {counted(total, 'task')} done
        </span>
        <PriorityLabel priority={workflow.priority} />
        <span>{workflow.failurePolicy === 'FAIL_FAST' ? 'stops when a task fails' : 'goes on when a task fails'}</span>
        <span>
          created <Ago at={workflow.createdAt} /> by {workflow.createdBy.name}
        </span>
        {workflow.startedAt && (
          <span>
            {workflow.finishedAt ? 'took' : 'runs for'} <Lasting from={workflow.startedAt} to={workflow.finishedAt} />
          </span>
        )}
      </div>
      <div className="mt-3">
        <Progress value={workflow.progress} tone={workflow.status === 'FAILED' ? 'bad' : workflow.status === 'COMPLETED' ? 'good' : 'info'} label="Progress of the workflow" />
      </div>
    </>
  )
}
