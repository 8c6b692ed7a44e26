import { Link, useNavigate } from '@tanstack/react-router'
import { X } from 'lucide-react'
import type { ReactNode } from 'react'
import { TaskDocument, type TaskQuery, type TaskStatus } from '../gql'
import { useLiveQuery } from '../live/hooks'
import type { LiveEvent } from '../live/stream'
import { Command } from '../ui/command'
import { Button, Empty, Loading, Problem, sentenceOf } from '../ui/controls'
import { Modal } from '../ui/dialog'
import { Json } from '../ui/json'
import { InGraphiQL } from '../ui/page'
import { lookOf, PriorityLabel, Progress, StatusIcon, StatusLabel, wordsOf } from '../ui/status'
import { Ago, Lasting, lasting } from '../ui/time'
import { TaskActions } from './task-actions'
import { Comments } from './task-comments'
import { TaskLog } from './task-log'

export type Task = NonNullable<TaskQuery['task']>

/** Everything about one task, beside whatever screen it was opened from. */
export function TaskDrawer({ id }: { id: string }) {
  const navigate = useNavigate()
  const close = () => navigate({ to: '.', search: (search) => ({ ...search, task: undefined }) })
  const { data, error, refetch } = useLiveQuery(TaskDocument, { id }, (event) => concerns(event, id))
  return (
    <Modal key={id} label="Task" onClose={close} className="my-0 mr-0 ml-auto h-dvh max-h-none w-full max-w-xl overflow-y-auto border-l shadow-2xl motion-safe:animate-[slide_150ms_ease-out]">
      {error && <Problem error={error} retry={refetch} />}
      {!data && !error && <Loading rows={6} />}
      {data && (data.task ? <TaskDetails task={data.task} onClose={close} /> : <Empty title="This task is gone">It was deleted.</Empty>)}
    </Modal>
  )
}

/** What the event itself does not bring: attempts, dependencies, suggestions, comments. */
function concerns(event: LiveEvent, id: string): boolean {
  return 'taskId' in event && event.taskId === id && event.type !== 'TASK_PROGRESSED'
}

function TaskDetails({ task, onClose }: { task: Task; onClose: () => void }) {
  return (
    <div className="space-y-6 p-5">
      <header>
        <div className="flex items-start gap-2">
          <div className="min-w-0 flex-1">
            <Link to="/workflows/$id" params={{ id: task.workflow.id }} className="text-sm text-soft hover:text-ink hover:underline">
              {task.workflow.name}
            </Link>
            <h2 className="text-lg leading-snug font-semibold">{task.name}</h2>
          </div>
          <InGraphiQL query={TaskDocument} variables={{ id: task.id }} />
          <Button look="quiet" Icon={X} aria-label="Close" onClick={onClose} className="px-2" />
        </div>
        <div className="mt-2 flex flex-wrap items-center gap-x-4 gap-y-2">
          <StatusLabel status={task.status} />
          <PriorityLabel priority={task.priority} />
          {task.isOverdue && <span className="text-sm font-medium text-bad">Overdue</span>}
          <span className="ml-auto flex gap-2">
            <TaskActions task={task} />
          </span>
        </div>
        {task.status === 'IN_PROGRESS' && (
          <div className="mt-3 space-y-1.5">
            <Progress value={task.progress} tone={lookOf(task.status).tone} label="Progress" />
            <p className="flex text-sm text-soft">
              <span className="min-w-0 flex-1">
                {task.progress}% {task.progressMessage}
              </span>
              {task.leaseExpiresAt && (
                <span className="shrink-0" title="When the lease ends unless it is renewed">
                  {task.agent?.name}, lease ends <Ago at={task.leaseExpiresAt} />
                </span>
              )}
            </p>
          </div>
        )}
      </header>
      {task.error && (
        <div className="rounded-lg border border-bad/40 bg-bad/8 px-4 py-3 text-sm">
          <p className="font-mono text-xs font-semibold text-bad">{task.error.code}</p>
          <p className="mt-0.5 break-words">{task.error.message}</p>
        </div>
      )}
      <Obstacles task={task} />
      {task.description && <p className="text-sm whitespace-pre-wrap text-soft">{task.description}</p>}
      <Facts task={task} />
      <Ties title="Waits for" tasks={task.dependsOn} />
      <Ties title="Holds up" tasks={task.dependents} />
      {task.input !== null && <Section title="Input">{<Json value={task.input} />}</Section>}
      {task.result !== null && <Section title="Result">{<Json value={task.result} />}</Section>}
      <Suggestions task={task} />
      <Attempts task={task} />
      <TaskLog taskId={task.id} />
      <Comments task={task} />
    </div>
  )
}

/** Why nobody claims it, when it waits. */
function Obstacles({ task }: { task: Task }) {
  const obstacles = task.claimability?.obstacles ?? []
  if (obstacles.length === 0) return null
  return (
    <div className="rounded-lg border border-line bg-raised/40 px-4 py-3 text-sm">
      <p className="font-medium">Why nobody takes it</p>
      <ul className="mt-1 space-y-0.5 text-soft">
        {obstacles.map(({ reason, message }) => (
          <li key={reason}>{sentenceOf(new Error(message))}</li>
        ))}
      </ul>
    </div>
  )
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section>
      <h3 className="mb-2 text-sm font-semibold">{title}</h3>
      {children}
    </section>
  )
}

function Facts({ task }: { task: Task }) {
  const facts: [string, ReactNode][] = [
    ['Agent', task.agent?.name],
    ['Reserved for', task.assignee?.name],
    ['Attempt', `${task.attempt}, at most ${task.maxAttempts} may fail`],
    ['Available', task.availableAt && task.status === 'PENDING' && <Ago at={task.availableAt} />],
    ['Due', task.dueAt && <Ago at={task.dueAt} />],
    ['Needs', task.requiredCapabilities.join(', ')],
    ['Created', <Ago key="created" at={task.createdAt} />],
    ['Waited', task.queueMs !== null && lasting(task.queueMs)],
    spanOf(task),
    ['Id', <Command key="id">{task.id}</Command>],
  ]
  return (
    <dl className="grid grid-cols-[7rem_minmax(0,1fr)] items-baseline gap-y-1.5 text-sm">
      {facts
        .filter(([, value]) => value)
        .map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-faint">{name}</dt>
            <dd className="break-words">{value}</dd>
          </div>
        ))}
    </dl>
  )
}

/** How long it took or runs; of what stands still in between, when it began. */
function spanOf({ startedAt, finishedAt, status }: Task): [string, ReactNode] {
  if (!startedAt) return ['Began', null]
  if (!finishedAt && status !== 'IN_PROGRESS') return ['Began', <Ago key="began" at={startedAt} />]
  return [finishedAt ? 'Took' : 'Runs for', <Lasting key="span" from={startedAt} to={finishedAt} />]
}

function Ties({ title, tasks }: { title: string; tasks: { id: string; name: string; status: TaskStatus }[] }) {
  if (tasks.length === 0) return null
  return (
    <Section title={title}>
      <ul className="flex flex-wrap gap-1.5">
        {tasks.map((task) => (
          <li key={task.id}>
            <Link to="." search={(search) => ({ ...search, task: task.id })} className="inline-flex items-center gap-1.5 rounded-full border border-line px-2.5 py-1 text-sm hover:border-brand">
              <StatusIcon status={task.status} size={13} />
              {task.name}
            </Link>
          </li>
        ))}
      </ul>
    </Section>
  )
}

function Suggestions({ task }: { task: Task }) {
  const suggestions = task.suggestions.edges
  if (suggestions.length === 0) return null
  return (
    <Section title="Suggestions">
      <ul className="space-y-2">
        {suggestions.map(({ node }) => (
          <li key={node.id} className="flex items-center gap-3 rounded-lg border border-line px-3 py-2 text-sm">
            <StatusIcon status={node.status} />
            <span className="min-w-0 flex-1 truncate">{node.action}</span>
            {node.status === 'PENDING' ? (
              <Link to="/inbox" search={{ action: node.action }} className="font-medium text-brand hover:underline">
                Decide
              </Link>
            ) : (
              <span className="text-soft">{wordsOf(node.status)}</span>
            )}
          </li>
        ))}
      </ul>
    </Section>
  )
}

function Attempts({ task }: { task: Task }) {
  if (task.attempts.length === 0) return null
  return (
    <Section title="Attempts">
      <ol className="divide-y divide-line rounded-lg border border-line">
        {task.attempts.map((attempt) => (
          <li key={attempt.number} className="px-3 py-2 text-sm">
            <div className="flex items-center gap-3">
              <span className="w-5 shrink-0 text-faint tabular-nums">{attempt.number}</span>
              <span className="min-w-0 flex-1 truncate">{attempt.agent.name}</span>
              <span className="text-soft">{attempt.outcome ? wordsOf(attempt.outcome) : 'Held now'}</span>
              <span className="w-16 text-right text-faint">
                <Lasting from={attempt.claimedAt} to={attempt.finishedAt} />
              </span>
            </div>
            {attempt.error && <p className="mt-1 ml-8 break-words text-bad">{attempt.error.message}</p>}
          </li>
        ))}
      </ol>
    </Section>
  )
}
