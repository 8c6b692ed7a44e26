import '@xyflow/react/dist/base.css'
import './graph.css'
import { Link } from '@tanstack/react-router'
import { Background, Controls, type Edge, Handle, MiniMap, type Node, type NodeProps, Position, ReactFlow, useReactFlow, useStore } from '@xyflow/react'
import { createContext, memo, useCallback, useContext, useDeferredValue, useEffect, useMemo, useState } from 'react'
import type { TaskStatus } from '../gql'
import { Button } from '../ui/controls'
import { counted } from '../ui/count'
import { lookOf, Progress, StatusIcon, toneEdge, toneText, wordsOf } from '../ui/status'
import { type BarCounts, TaskBar } from '../ui/task-bar'
import type { Task } from './all-tasks'
import { collapsed, type Group, groupFrom, groupsOf } from './graph-groups'
import { type Direction, nodeHeight, nodeWidth, tallAspect, planOf, type Shape, shapeOf, wideAspect } from './graph-layout'

type TaskNode = Node<{ direction: Direction }, 'task'>
type GroupNode = Node<{ direction: Direction; group: Group; onOpen: () => void }, 'group'>

const nodeTypes = { task: memo(TaskCard), group: memo(GroupCard) }

/** The tasks as they are now, by id: the cards read them from here, so that React Flow has nothing to do when only they change. */
const Tasks = createContext<ReadonlyMap<string, Task>>(new Map())

/** From how many cards on nothing spins or glides: browsers would draw all of them anew sixty times a second. */
const calmFrom = 40

/** The tasks of a workflow as a graph, each leading to its drawer; very many of them in groups that open. Laid out anew only when its shape changes. */
export function TaskGraph({ tasks }: { tasks: Task[] }) {
  const shape = shapeOf(tasks)
  const statuses = tasks.map((task) => task.status).join()
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set())
  const byId = useMemo(() => new Map(tasks.map((task) => [task.id, task])), [tasks])
  const groups = useMemo(() => (tasks.length > groupFrom ? groupsOf(tasks) : []), [shape])
  const drawn = useMemo(() => (groups.length > 0 ? collapsed(tasks, groups, open) : tasks), [shape, groups, open])
  const nodes = useMemo(() => nodesOf(drawn, groups, (id) => setOpen((open) => new Set([...open, id]))), [drawn])
  const calm = drawn.length > calmFrom
  const edges = useMemo(() => drawn.flatMap((node) => edgesTo(node, byId.get(node.id)?.status, calm)), [drawn, statuses])
  const colourOf = useCallback(({ id }: Node) => colourFor(byId.get(id)), [statuses])
  const whole = open.size === groups.length
  return (
    <div data-calm={calm || undefined} className="relative h-[max(20rem,calc(100dvh-23rem))] md:h-[max(24rem,calc(100dvh-15rem))] overflow-hidden rounded-xl border border-line bg-surface" role="region" aria-label="Tasks as a graph">
      {groups.length > 0 && (
        <Button onClick={() => setOpen(new Set(whole ? [] : groups.map(({ id }) => id)))} className="absolute top-3 right-3 z-10">
          {whole ? 'Show groups' : `Show all ${tasks.length} tasks`}
        </Button>
      )}
      <Tasks value={useDeferredValue(byId)}>
        <Flow nodes={nodes} edges={edges} shape={shapeOf(drawn)} colourOf={colourOf} />
      </Tasks>
    </div>
  )
}

type FlowProps = { nodes: (TaskNode | GroupNode)[]; edges: Edge[]; shape: string; colourOf: (node: Node) => string }

const Flow = memo(function Flow({ nodes, edges, shape, colourOf }: FlowProps) {
  return (
    <ReactFlow
      nodes={nodes}
      edges={edges}
      nodeTypes={nodeTypes}
      nodesDraggable={false}
      nodesConnectable={false}
      nodesFocusable={false}
      edgesFocusable={false}
      elementsSelectable={false}
      fitView
      fitViewOptions={fit}
      minZoom={0.1}
      onlyRenderVisibleElements={nodes.length > 150}
    >
      <Refit shape={shape} />
      <Background gap={24} />
      <Controls showInteractive={false} fitViewOptions={fit} position="bottom-left" />
      {nodes.length > 30 && <MiniMap pannable zoomable nodeColor={colourOf} className="max-sm:hidden" />}
    </ReactFlow>
  )
})

function colourFor(task: Task | undefined): string {
  return task ? `var(--${lookOf(task.status).tone}, var(--faint))` : 'var(--faint)'
}

/** A card for each task, and for each group that is not open. */
function nodesOf(drawn: Shape[], groups: Group[], onOpen: (id: string) => void): (TaskNode | GroupNode)[] {
  const { direction, places } = planOf(drawn, innerWidth < 640 ? tallAspect : wideAspect)
  const byId = new Map(groups.map((group) => [group.id, group]))
  return drawn.map(({ id }) => {
    const node = { id, position: places.get(id)!, width: nodeWidth, height: nodeHeight }
    const group = byId.get(id)
    return group ? { ...node, type: 'group', data: { direction, group, onOpen: () => onOpen(id) } } : { ...node, type: 'task', data: { direction } }
  })
}

const fit = { maxZoom: 1, padding: 0.06 }

/** Shows the whole graph again when its shape or the room for it has changed. */
function Refit({ shape }: { shape: string }) {
  const { fitView } = useReactFlow()
  const width = useStore((flow) => flow.width)
  const height = useStore((flow) => flow.height)
  useEffect(() => void fitView(fit), [fitView, shape, width, height])
  return null
}

/** What it depends on, drawn: moving while it runs, faint until what it waits for is done. */
function edgesTo({ id, dependsOn }: Shape, status: TaskStatus | undefined, calm: boolean): Edge[] {
  return dependsOn.map((before) => ({
    id: `${before.id} ${id}`,
    source: before.id,
    target: id,
    animated: status === 'IN_PROGRESS' && !calm,
    style: { stroke: strokeOf(status), strokeWidth: 1.5 },
  }))
}

function strokeOf(status: TaskStatus | undefined): string {
  if (status === 'IN_PROGRESS') return 'var(--info)'
  return status === 'PENDING' ? 'color-mix(in srgb, var(--faint) 50%, transparent)' : 'var(--faint)'
}

function TaskCard({ id, data: { direction } }: NodeProps<TaskNode>) {
  return (
    <Link to="." search={(search) => ({ ...search, task: id })} className="nopan group block h-full rounded-xl">
      <Handle type="target" position={direction === 'LR' ? Position.Left : Position.Top} className={anchor} />
      <Face id={id} />
      <Handle type="source" position={direction === 'LR' ? Position.Right : Position.Bottom} className={anchor} />
    </Link>
  )
}

/** Where edges begin and end: at the very border of a card. */
const anchor = 'invisible size-px! min-h-0 min-w-0 border-0!'

const alarms: Partial<Record<TaskStatus, string>> = { AWAITING_APPROVAL: 'border-ask', FAILED: 'border-bad' }

/** Drawn smaller than this, the small print of a card cannot be read. */
const legibleFrom = 0.5

/** All of a card that moves. */
function Face({ id }: { id: string }) {
  const task = useContext(Tasks).get(id)
  const far = useStore((flow) => flow.transform[2] < legibleFrom)
  return task && (far ? <FarFace name={task.name} status={task.status} progress={task.progress} /> : <TaskFace task={task} />)
}

type FarProps = { name: string; status: TaskStatus; progress: number }

/** A card as it is seen from afar: its name as large as can be, its state as a colour, and nothing that nobody could read. */
const FarFace = memo(function FarFace({ name, status, progress }: FarProps) {
  const { tone } = lookOf(status)
  return (
    <span className={`relative flex h-full items-center gap-2.5 border-2 bg-canvas px-3 text-[1.4375rem]/[1.15] group-hover:border-brand ${toneEdge[tone]} ${status === 'IN_PROGRESS' ? 'pb-2' : ''}`}>
      <StatusIcon status={status} size={28} />
      <span className="line-clamp-2 font-medium">{name}</span>
      <span className="sr-only">{wordsOf(status)}</span>
      {status === 'IN_PROGRESS' && <Progress value={progress} tone={tone} label={`Progress of ${name}`} className="absolute inset-x-0 bottom-0 h-2" />}
    </span>
  )
})

const TaskFace = memo(function TaskFace({ task }: { task: Task }) {
  const { tone } = lookOf(task.status)
  return (
    <span className={`flex h-full flex-col justify-center gap-1.5 rounded-xl border bg-canvas px-3 text-sm shadow-sm transition-colors group-hover:border-brand ${alarms[task.status] ?? 'border-line'}`}>
      <span className="flex items-center gap-2">
        <StatusIcon status={task.status} />
        <span className="truncate font-medium">{task.name}</span>
      </span>
      {task.status === 'IN_PROGRESS' ? (
        <Progress value={task.progress} tone={tone} label={`Progress of ${task.name}`} />
      ) : (
        <span className={`text-xs ${toneText[tone]}`}>
          {wordsOf(task.status)}
          {task.attempt > 1 && ` · attempt ${task.attempt}`}
        </span>
      )}
      {task.status === 'IN_PROGRESS' && <span className="truncate text-xs text-faint">{[task.agent?.name, task.progressMessage].filter(Boolean).join(' · ')}</span>}
    </span>
  )
})

function GroupCard({ data: { group, direction, onOpen } }: NodeProps<GroupNode>) {
  const byId = useContext(Tasks)
  return (
    <button type="button" onClick={onOpen} className="nopan flex h-full w-full flex-col justify-center gap-1.5 rounded-xl border border-dashed border-line bg-raised px-3 text-left text-sm shadow-sm hover:border-brand">
      <Handle type="target" position={direction === 'LR' ? Position.Left : Position.Top} className={anchor} />
      <span className="flex w-full items-baseline gap-2">
        <span className="truncate font-medium">{group.name}</span>
        <span className="ml-auto text-xs whitespace-nowrap text-soft">{counted(group.ids.length, 'task')}</span>
      </span>
      <TaskBar counts={countsOf(group.ids.flatMap((id) => byId.get(id) ?? []))} />
      <Handle type="source" position={direction === 'LR' ? Position.Right : Position.Bottom} className={anchor} />
    </button>
  )
}

function countsOf(tasks: Task[]): BarCounts {
  const count = (status: TaskStatus) => tasks.filter((task) => task.status === status).length
  return { total: tasks.length, completed: count('COMPLETED'), skipped: count('SKIPPED'), inProgress: count('IN_PROGRESS'), awaitingApproval: count('AWAITING_APPROVAL'), failed: count('FAILED') }
}
