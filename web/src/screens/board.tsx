import { type Announcements, DndContext, type DragEndEvent, DragOverlay, type KeyboardCoordinateGetter, KeyboardSensor, MouseSensor, TouchSensor, useDraggable, useDroppable, useSensor, useSensors } from '@dnd-kit/core'
import { Link } from '@tanstack/react-router'
import { UserRound } from 'lucide-react'
import { memo, useEffect, useMemo, useRef, useState } from 'react'
import { type TypedDocumentNode, useClient } from 'urql'
import { AssignTaskDocument, BoardAgentsDocument, CancelTaskDocument, RetryTaskDocument, SkipTaskDocument, type TaskStatus, UnassignTaskDocument } from '../gql'
import { useLiveQuery, useMaySteer } from '../live/hooks'
import { lookOf, Progress, StatusIcon, toneText, wordsOf } from '../ui/status'
import { complain } from '../ui/toast'
import type { Task } from './all-tasks'
import { type BoardAgent, columns, isCapable, type Move, moveOf, openStatuses, type Place } from './board-rules'
import { collide, nextPlace } from './board-keys'

type Drop = { id: string; place: Place; name: string }

/** How many cards a column shows until asked for more. */
const shownAtFirst = 60

/** Tasks by status. Dragging one, with the pointer or with the keyboard, does what its new place means. */
export function Board({ tasks }: { tasks: Task[] }) {
  const maySteer = useMaySteer()
  const { data } = useLiveQuery(BoardAgentsDocument, {}, (event) => event.__typename === 'AgentEvent')
  const agents = useMemo(() => data?.agents.edges.map((edge) => edge.node).filter((agent) => tasks.some((task) => isCapable(agent, task))) ?? [], [data, tasks])
  const [heldId, setHeldId] = useState<string | null>(null)
  const held = tasks.find((task) => task.id === heldId)
  const drops = useMemo(() => [...columns.map(columnDrop), anyone, ...agents.map(agentDrop)], [agents])
  const legal = new Set(held ? drops.filter(({ place }) => moveOf(held, place)).map(({ id }) => id) : [])
  const run = useMove()
  const keepFocus = useKeptFocus(tasks)
  const drop = ({ over, activatorEvent }: DragEndEvent) => {
    setHeldId(null)
    if (held && activatorEvent instanceof KeyboardEvent) keepFocus(held)
    const target = drops.find(({ id }) => id === over?.id)
    const move = held && target && moveOf(held, target.place)
    if (move) void run(held, move)
  }
  const byStatus = useMemo(() => Map.groupBy(tasks, (task) => task.status), [tasks])
  return (
    <DndContext
      sensors={useBoardSensors(drops.map(({ id }) => id).filter((id) => legal.has(id)))}
      collisionDetection={collide}
      accessibility={{ announcements: announcements(tasks, drops), screenReaderInstructions }}
      onDragStart={({ active }) => setHeldId(String(active.id))}
      onDragCancel={() => setHeldId(null)}
      onDragEnd={drop}
    >
      {maySteer && agents.length > 0 && tasks.some((task) => openStatuses.includes(task.status)) && <Agents agents={agents} held={held} legal={legal} />}
      <div className="flex h-[max(24rem,calc(100dvh-18rem))] snap-x gap-2 overflow-x-auto pb-2 md:snap-none" role="region" aria-label="Board" tabIndex={-1}>
        {columns.map((status) => (
          <Column key={status} status={status} tasks={byStatus.get(status) ?? none} dim={held !== undefined && held.status !== status && !legal.has(status)} mayMove={maySteer} />
        ))}
      </div>
      <DragOverlay dropAnimation={null}>{held && <div className="rotate-2 cursor-grabbing rounded-lg border border-brand bg-surface p-2.5 shadow-xl"><CardBody task={held} /></div>}</DragOverlay>
    </DndContext>
  )
}

/** A card that changes its column is made anew there: whoever moved it with the keyboard goes on from where it is now. */
function useKeptFocus(tasks: Task[]) {
  const moved = useRef<Task | null>(null)
  useEffect(() => {
    const { current } = moved
    if (!current || tasks.find(({ id }) => id === current.id)?.status === current.status) return
    moved.current = null
    document.querySelector<HTMLElement>(`[data-task="${current.id}"]`)?.focus()
  }, [tasks])
  return (task: Task) => void (moved.current = task)
}

const none: Task[] = []
const anyone: Drop = { id: 'anyone', place: { agent: null }, name: 'any agent' }
const columnDrop = (status: TaskStatus): Drop => ({ id: status, place: { status }, name: wordsOf(status) })
const agentDrop = (agent: BoardAgent): Drop => ({ id: agent.id, place: { agent }, name: agent.name })

const mutations: Record<Exclude<Move['kind'], 'assign'>, TypedDocumentNode<unknown, { id: string }>> = {
  skip: SkipTaskDocument,
  cancel: CancelTaskDocument,
  retry: RetryTaskDocument,
  unassign: UnassignTaskDocument,
}

/** The card is in its new place at once; when the server refuses, the cache takes it back. */
function useMove() {
  const client = useClient()
  return async ({ id }: Task, move: Move) => {
    const { error } = move.kind === 'assign' ? await client.mutation(AssignTaskDocument, { id, agentId: move.agentId }) : await client.mutation(mutations[move.kind], { id })
    if (error) complain(error)
  }
}

function useBoardSensors(legal: string[]) {
  // A sensor keeps the options with which its drag began, when nothing was held yet.
  const latest = useRef(legal)
  latest.current = legal
  const coordinateGetter: KeyboardCoordinateGetter = (event, { context }) => nextPlace(event, context, latest.current)
  return useSensors(
    useSensor(MouseSensor, { activationConstraint: { distance: 6 } }),
    useSensor(TouchSensor, { activationConstraint: { delay: 200, tolerance: 8 } }),
    useSensor(KeyboardSensor, { coordinateGetter, keyboardCodes: { start: ['Space'], cancel: ['Escape'], end: ['Space', 'Enter'] }, scrollBehavior: 'auto' }),
  )
}

const screenReaderInstructions = { draggable: 'Press Space to pick the task up, the arrow keys to choose where it may go, Space to drop it there, Escape to leave it. Enter opens the task.' }

function announcements(tasks: Task[], drops: Drop[]): Announcements {
  const task = (id: string | number) => tasks.find((one) => one.id === id)
  const nameOf = (id: string | number | undefined) => drops.find((drop) => drop.id === id)?.name
  const legal = (id: string | number, over: string | number) => {
    const [held, target] = [task(id), drops.find((drop) => drop.id === over)]
    return held && target ? moveOf(held, target.place) : null
  }
  return {
    onDragStart: ({ active }) => `Picked up ${task(active.id)?.name}.`,
    onDragOver: ({ active, over }) => over ? `${task(active.id)?.name} is over ${nameOf(over.id)}${legal(active.id, over.id) ? '' : ', where it cannot go'}.` : undefined,
    onDragEnd: ({ active, over }) => over && legal(active.id, over.id) ? `Dropped ${task(active.id)?.name} on ${nameOf(over.id)}.` : `${task(active.id)?.name} stays where it was.`,
    onDragCancel: ({ active }) => `${task(active.id)?.name} stays where it was.`,
  }
}

function Column({ status, tasks, dim, mayMove }: { status: TaskStatus; tasks: Task[]; dim: boolean; mayMove: boolean }) {
  const { setNodeRef, isOver } = useDroppable({ id: status })
  const [most, setMost] = useState(shownAtFirst)
  const empty = tasks.length === 0
  return (
    <section
      ref={setNodeRef}
      aria-label={`${wordsOf(status)}, ${tasks.length}`}
      data-dim={dim || undefined}
      data-over={(isOver && !dim) || undefined}
      className={`flex min-w-0 snap-start flex-col rounded-xl border border-line bg-surface/60 transition-opacity data-dim:opacity-35 data-over:border-brand data-over:bg-brand/8 ${empty ? 'w-11 shrink-0' : 'w-[80vw] shrink-0 sm:w-56 md:w-auto md:max-w-md md:min-w-36 md:flex-1'}`}
    >
      <header className={`flex items-center gap-2 p-2.5 text-sm font-medium ${empty ? '[writing-mode:vertical-lr] text-faint' : ''}`}>
        <StatusIcon status={status} />
        <h3 className="truncate">{wordsOf(status)}</h3>
        {!empty && <span className="ml-auto text-xs text-soft tabular-nums">{tasks.length}</span>}
      </header>
      {!empty && (
        <ul className="min-h-0 flex-1 space-y-2 overflow-y-auto p-2 pt-0">
          {tasks.slice(0, most).map((task) => (
            <li key={task.id}>
              <Card task={task} mayMove={mayMove} />
            </li>
          ))}
          {tasks.length > most && (
            <li>
              <button type="button" onClick={() => setMost(most + 200)} className="w-full rounded-lg py-1.5 text-sm text-soft hover:bg-raised hover:text-ink">
                {tasks.length - most} more
              </button>
            </li>
          )}
        </ul>
      )}
    </section>
  )
}

const Card = memo(function Card({ task, mayMove }: { task: Task; mayMove: boolean }) {
  const { setNodeRef, listeners, attributes, isDragging } = useDraggable({ id: task.id, disabled: !mayMove, attributes: { role: 'link', roleDescription: 'task that can be moved' } })
  const { 'aria-pressed': _pressed, 'aria-disabled': _disabled, ...described } = attributes
  return (
    <Link
      ref={setNodeRef}
      to="."
      search={(search) => ({ ...search, task: task.id })}
      draggable={false}
      data-task={task.id}
      {...(mayMove && { ...listeners, ...described })}
      className={`block rounded-lg border border-line bg-surface p-2.5 shadow-xs select-none hover:border-brand ${mayMove ? 'cursor-grab' : ''} ${isDragging ? 'opacity-40' : ''}`}
    >
      <CardBody task={task} />
    </Link>
  )
})

function CardBody({ task }: { task: Task }) {
  const runs = task.status === 'IN_PROGRESS'
  const error = runs ? null : task.error // that was another attempt's
  return (
    <div className="space-y-1.5 text-sm">
      <p className="line-clamp-2 font-medium">{task.name}</p>
      {runs && <Progress value={task.progress} label={`Progress of ${task.name}`} />}
      <p className={`truncate text-xs empty:hidden ${error ? toneText[lookOf(task.status).tone] : 'text-soft'}`}>{error?.message ?? ((runs && task.progressMessage) || task.agent?.name)}</p>
      {task.assignee && (
        <p className="flex items-center gap-1 text-xs text-soft">
          <UserRound size={12} aria-label="Reserved for" /> <span className="truncate">{task.assignee.name}</span>
        </p>
      )}
    </div>
  )
}

function Agents({ agents, held, legal }: { agents: BoardAgent[]; held: Task | undefined; legal: Set<string> }) {
  return (
    <div className="mb-3 flex items-center gap-1.5 overflow-x-auto py-0.5" role="group" aria-label="Drop a task here to reserve it">
      <span className="mr-1 text-sm whitespace-nowrap text-soft">Reserve for</span>
      {[anyone, ...agents.map(agentDrop)].map((drop) => (
        <AgentSpot key={drop.id} drop={drop} dim={held !== undefined && !legal.has(drop.id)} />
      ))}
    </div>
  )
}

function AgentSpot({ drop, dim }: { drop: Drop; dim: boolean }) {
  const { setNodeRef, isOver } = useDroppable({ id: drop.id })
  return (
    <span
      ref={setNodeRef}
      data-dim={dim || undefined}
      data-over={(isOver && !dim) || undefined}
      className="rounded-full border border-dashed border-line px-3 py-1 text-xs whitespace-nowrap text-soft transition-opacity data-dim:opacity-35 data-over:border-brand data-over:bg-brand/10 data-over:text-ink"
    >
      {drop.name}
    </span>
  )
}
