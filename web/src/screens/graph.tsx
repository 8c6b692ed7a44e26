import '@xyflow/react/dist/base.css'
import './graph.css'
import { Link } from '@tanstack/react-router'
import { Background, Controls, type Edge, Handle, MiniMap, type Node, type NodeProps, Position, ReactFlow, useReactFlow, useStore } from '@xyflow/react'
import { memo, useEffect, useMemo, useRef, useState } from 'react'
import type { TaskStatus } from '../gql'
import { Button } from '../ui/controls'
import { lookOf, Progress, StatusIcon, toneText, wordsOf } from '../ui/status'
import { type BarCounts, TaskBar } from '../ui/task-bar'
import type { Task } from './all-tasks'
import { collapsed, type Group, groupFrom, groupsOf } from './graph-groups'
import { type Direction, nodeHeight, nodeWidth, planOf, type Shape, shapeOf } from './graph-layout'

type TaskNode = Node<{ task: Task; direction: Direction }, 'task'>
type GroupNode = Node<{ group: Group; tasks: Task[]; direction: Direction; onOpen: () => void }, 'group'>

const nodeTypes = { task: memo(TaskCard), group: memo(GroupCard) }

/** The tasks of a workflow as a graph, each leading to its drawer; very many of them in groups that open. Laid out anew only when its shape changes. */
export function TaskGraph({ tasks }: { tasks: Task[] }) {
  const shape = shapeOf(tasks)
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set())
  const groups = useMemo(() => (tasks.length > groupFrom ? groupsOf(tasks) : []), [shape])
  const drawn = useMemo(() => (groups.length > 0 ? collapsed(tasks, groups, open) : tasks), [shape, groups, open])
  const { direction, places } = useMemo(() => planOf(drawn), [drawn])
  const byId = new Map(tasks.map((task) => [task.id, task]))
  const edges = useMemo(() => drawn.flatMap((node) => edgesTo(node, byId.get(node.id)?.status)), [drawn, statusesOf(tasks)])
  const nodes = useSameNodes(
    drawn.map(({ id }): TaskNode | GroupNode => {
      const place = { id, position: places.get(id)!, width: nodeWidth, height: nodeHeight }
      const task = byId.get(id)
      if (task) return { ...place, type: 'task', data: { task, direction } }
      const group = groups.find((group) => group.id === id)!
      return { ...place, type: 'group', data: { group, tasks: group.ids.flatMap((id) => byId.get(id) ?? []), direction, onOpen: () => setOpen((open) => new Set([...open, id])) } }
    }),
  )
  const whole = open.size === groups.length
  return (
    <div className="relative h-[max(24rem,calc(100dvh-15rem))] overflow-hidden rounded-xl border border-line bg-surface" role="region" aria-label="Tasks as a graph">
      {groups.length > 0 && (
        <Button onClick={() => setOpen(new Set(whole ? [] : groups.map(({ id }) => id)))} className="absolute top-3 right-3 z-10">
          {whole ? 'Show groups' : `Show all ${tasks.length} tasks`}
        </Button>
      )}
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
        onlyRenderVisibleElements={drawn.length > 150}
      >
        <Refit shape={shapeOf(drawn)} />
        <Background gap={24} />
        <Controls showInteractive={false} position="bottom-left" />
        {drawn.length > 30 && <MiniMap pannable zoomable nodeColor={colourOf} />}
      </ReactFlow>
    </div>
  )
}

function colourOf(node: Node): string {
  const { task } = node.data as { task?: Task }
  return task ? `var(--${lookOf(task.status).tone}, var(--faint))` : 'var(--faint)'
}

/** Keeps the node of whatever did not change, so that React Flow need not look at it. */
function useSameNodes(nodes: (TaskNode | GroupNode)[]): (TaskNode | GroupNode)[] {
  const before = useRef(new Map<string, TaskNode | GroupNode>())
  const same = nodes.map((node) => {
    const old = before.current.get(node.id)
    if (node.type !== 'task' || old?.type !== 'task') return node
    return old.data.task === node.data.task && old.position === node.position && old.data.direction === node.data.direction ? old : node
  })
  before.current = new Map(same.map((node) => [node.id, node]))
  return same
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
function edgesTo({ id, dependsOn }: Shape, status: TaskStatus | undefined): Edge[] {
  return dependsOn.map((before) => ({
    id: `${before.id} ${id}`,
    source: before.id,
    target: id,
    animated: status === 'IN_PROGRESS',
    style: { stroke: status === 'PENDING' ? 'color-mix(in srgb, var(--faint) 50%, transparent)' : 'var(--faint)', strokeWidth: 1.5 },
  }))
}

function statusesOf(tasks: Task[]): string {
  return tasks.map((task) => task.status).join()
}

function TaskCard({ data: { task, direction } }: NodeProps<TaskNode>) {
  const { tone } = lookOf(task.status)
  return (
    <Link
      to="."
      search={(search) => ({ ...search, task: task.id })}
      className={`nopan flex h-full flex-col justify-center gap-1.5 rounded-xl border bg-canvas px-3 text-sm shadow-sm transition-colors hover:border-brand ${task.status === 'AWAITING_APPROVAL' ? 'border-ask' : task.status === 'FAILED' ? 'border-bad' : 'border-line'}`}
    >
      <Handle type="target" position={direction === 'LR' ? Position.Left : Position.Top} className="invisible" />
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
      <Handle type="source" position={direction === 'LR' ? Position.Right : Position.Bottom} className="invisible" />
    </Link>
  )
}

function GroupCard({ data: { group, tasks, direction, onOpen } }: NodeProps<GroupNode>) {
  return (
    <button type="button" onClick={onOpen} className="nopan flex h-full w-full flex-col justify-center gap-1.5 rounded-xl border border-dashed border-line bg-raised px-3 text-left text-sm shadow-sm hover:border-brand">
      <Handle type="target" position={direction === 'LR' ? Position.Left : Position.Top} className="invisible" />
      <span className="flex w-full items-baseline gap-2">
        <span className="truncate font-medium">{group.name}</span>
        <span className="ml-auto text-xs whitespace-nowrap text-soft">{tasks.length} tasks</span>
      </span>
      <TaskBar counts={countsOf(tasks)} />
      <Handle type="source" position={direction === 'LR' ? Position.Right : Position.Bottom} className="invisible" />
    </button>
  )
}

function countsOf(tasks: Task[]): BarCounts {
  const count = (status: TaskStatus) => tasks.filter((task) => task.status === status).length
  return { total: tasks.length, completed: count('COMPLETED'), skipped: count('SKIPPED'), inProgress: count('IN_PROGRESS'), awaitingApproval: count('AWAITING_APPROVAL'), failed: count('FAILED') }
}
