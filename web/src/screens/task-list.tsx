import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useClient } from 'urql'
import type { TaskStatus } from '../gql'
import { useMaySteer } from '../live/hooks'
import { Button } from '../ui/controls'
import { counted } from '../ui/count'
import { Progress, StatusLabel } from '../ui/status'
import { Lasting } from '../ui/time'
import { VirtualList } from '../ui/virtual-list'
import type { Task } from './all-tasks'
import { openStatuses } from './board-rules'
import { taskBulk } from './bulk'
import { askBulk } from './bulk-host'

type Verb = { verb: 'cancel' | 'retry'; name: string; when: TaskStatus[]; text: string }

const verbs: Verb[] = [
  { verb: 'retry', name: 'Retry', when: ['FAILED', 'CANCELLED', 'SKIPPED'], text: 'Each begins again with all its attempts before it.' },
  { verb: 'cancel', name: 'Cancel', when: openStatuses, text: 'What depends on them is skipped, and what their agents still write is refused.' },
]

/** The tasks of a workflow in a row each; those that are marked can be cancelled or done again together. */
export function TaskList({ workflowId, tasks }: { workflowId: string; tasks: Task[] }) {
  const maySteer = useMaySteer()
  const [marked, setMarked] = useState<ReadonlySet<string>>(new Set())
  const whole = tasks.every(({ id }) => marked.has(id))
  const mark = (id: string) => setMarked(marked.has(id) ? new Set([...marked].filter((one) => one !== id)) : new Set([...marked, id]))
  return (
    <div className="overflow-hidden rounded-xl border border-line bg-surface">
      {maySteer && (
        <div className="flex min-h-11 flex-wrap items-center gap-3 border-b border-line px-4 py-1.5 text-sm">
          <input type="checkbox" aria-label="Select all" checked={whole} onChange={() => setMarked(new Set(whole ? [] : tasks.map(({ id }) => id)))} className="size-4 accent-brand" />
          {marked.size === 0 ? <span className="text-xs text-faint">{counted(tasks.length, 'task')}</span> : <Bulk workflowId={workflowId} ids={whole ? null : [...marked]} count={marked.size} onDone={() => setMarked(new Set())} />}
        </div>
      )}
      <VirtualList items={tasks} label="Tasks" keyOf={({ id }) => id} rowHeight={45}>
        {(task) => <Row task={task} marked={marked.has(task.id)} {...(maySteer && { onMark: () => mark(task.id) })} />}
      </VirtualList>
    </div>
  )
}

function Bulk({ workflowId, ids, count, onDone }: { workflowId: string; ids: string[] | null; count: number; onDone: () => void }) {
  const client = useClient()
  const ask = ({ verb, name, when, text }: Verb) =>
    askBulk({ verb: name, noun: 'task', text, bulk: taskBulk(client, verb, { workflowId: { eq: workflowId }, status: { in: when }, ...(ids && { id: { in: ids } }) }), onDone })
  return (
    <div role="group" aria-label="With the selected" className="flex flex-wrap items-center gap-1.5">
      <span className="mr-1 font-medium tabular-nums">{ids === null ? `All ${counted(count, 'task')}` : `${count} selected`}</span>
      {verbs.map((verb) => (
        <Button key={verb.name} onClick={() => ask(verb)} className="py-1">
          {verb.name}
        </Button>
      ))}
      <Button look="quiet" onClick={onDone} className="py-1">
        Select none
      </Button>
    </div>
  )
}

function Row({ task, marked, onMark }: { task: Task; marked: boolean; onMark?: () => void }) {
  return (
    <div data-marked={marked || undefined} className="flex items-start hover:bg-raised/60 data-marked:bg-brand/6 md:items-center">
      {onMark && <input type="checkbox" aria-label={`Select ${task.name}`} checked={marked} onChange={onMark} className="mt-3.5 ml-4 size-4 shrink-0 accent-brand md:mt-0" />}
      <Link
        to="."
        search={(search) => ({ ...search, task: task.id })}
        className={`block min-w-0 flex-1 space-y-1.5 px-4 py-2.5 md:grid md:grid-cols-[minmax(0,1fr)_11rem_9rem_8rem_5rem] md:items-center md:gap-4 md:space-y-0 ${onMark ? 'pl-3' : ''}`}
      >
        <span className="block truncate text-sm font-medium">{task.name}</span>
        <StatusLabel status={task.status} />
        <span className="hidden truncate text-sm text-soft md:block">{task.agent?.name}</span>
        <span className="block">{task.status === 'IN_PROGRESS' && <Progress value={task.progress} label={`Progress of ${task.name}`} />}</span>
        <span className="hidden text-right text-sm text-faint md:block">{task.startedAt && <Lasting from={task.startedAt} to={task.finishedAt} />}</span>
      </Link>
    </div>
  )
}
