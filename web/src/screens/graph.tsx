import '@xyflow/react/dist/base.css'
import './graph.css'
import { Link } from '@tanstack/react-router'
import { Background, Controls, type Edge, Handle, MiniMap, type Node, type NodeProps, Position, ReactFlow, useReactFlow, useStore } from '@xyflow/react'
import { memo, useEffect, useMemo } from 'react'
import { lookOf, Progress, StatusIcon, toneText, wordsOf } from '../ui/status'
import type { Task } from './all-tasks'
import { type Direction, nodeHeight, nodeWidth, planOf, shapeOf } from './graph-layout'

type TaskNode = Node<{ task: Task; direction: Direction }, 'task'>

const nodeTypes = { task: memo(TaskCard, (before, after) => before.data.task === after.data.task && before.data.direction === after.data.direction) }

/** The tasks of a workflow as a graph, each leading to its drawer. Laid out anew only when its shape changes. */
export function TaskGraph({ tasks }: { tasks: Task[] }) {
  const shape = shapeOf(tasks)
  const { direction, places } = useMemo(() => planOf(tasks), [shape])
  const edges = useMemo(() => tasks.flatMap(edgesTo), [shape, statusesOf(tasks)])
  const nodes = tasks.map((task): TaskNode => ({ id: task.id, type: 'task', position: places.get(task.id)!, data: { task, direction }, width: nodeWidth, height: nodeHeight }))
  return (
    <div className="h-[max(24rem,calc(100dvh-15rem))] overflow-hidden rounded-xl border border-line bg-surface" role="region" aria-label="Tasks as a graph">
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
        onlyRenderVisibleElements={tasks.length > 150}
      >
        <Refit shape={shape} />
        <Background gap={24} />
        <Controls showInteractive={false} position="bottom-left" />
        {tasks.length > 30 && <MiniMap pannable zoomable nodeColor={(node) => `var(--${lookOf((node as TaskNode).data.task.status).tone}, var(--faint))`} />}
      </ReactFlow>
    </div>
  )
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
function edgesTo({ id, status, dependsOn }: Task): Edge[] {
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
