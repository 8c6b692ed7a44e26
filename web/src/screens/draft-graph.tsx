import '@xyflow/react/dist/base.css'
import './graph.css'
import { Background, type Connection, Controls, type Edge, type FinalConnectionState, Handle, type Node, type NodeProps, Position, ReactFlow, useReactFlow } from '@xyflow/react'
import { useEffect, useMemo, useState } from 'react'
import { toast } from '../ui/toast'
import { type DraftTask, waitsFor } from './draft'
import { type Direction, nodeHeight, nodeWidth, planOf, shapeOf, tallAspect } from './graph-layout'

type DraftNode = Node<{ task: DraftTask; number: number; direction: Direction }, 'draft'>
type Props = { tasks: DraftTask[]; onTie: (before: string, after: string) => void; onUntie: (before: string, after: string) => void; onChoose: (id: string) => void }

const nodeTypes = { draft: DraftCard }
const fit = { maxZoom: 1, padding: 0.08 }

/** What is being drafted, to draw in: from the handle of one task to another, which then waits for it. */
export default function DraftGraph({ tasks, onTie, onUntie, onChoose }: Props) {
  const [selected, setSelected] = useState<string | null>(null)
  const shapes = tasks.map(({ id, after }) => ({ id, dependsOn: after.map((id) => ({ id })) }))
  const shape = shapeOf(shapes)
  const { direction, places } = useMemo(() => planOf(shapes, tallAspect), [shape])
  const nodes = tasks.map((task, index): DraftNode => ({ id: task.id, type: 'draft', position: places.get(task.id)!, data: { task, number: index + 1, direction }, width: nodeWidth, height: nodeHeight }))
  const edges = tasks.flatMap(({ id, after }): Edge[] => after.map((before) => ({ id: `${before} ${id}`, source: before, target: id, selected: selected === `${before} ${id}`, ariaLabel: `${nameOf(tasks, id)} waits for ${nameOf(tasks, before)}` })))
  const closes = ({ source, target }: Connection | Edge) => source === target || waitsFor(tasks, source, target)
  const refuse = (_: unknown, { isValid, fromNode, toNode }: FinalConnectionState) => {
    if (isValid === false && fromNode && toNode && fromNode.id !== toNode.id) toast(`That would be a circle: ${nameOf(tasks, fromNode.id)} waits for ${nameOf(tasks, toNode.id)} already.`, { bad: true })
  }
  return (
    <div role="region" aria-label="Draft as a graph" className="h-[max(22rem,calc(100dvh-14rem))]">
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={nodeTypes}
        nodesDraggable={false}
        nodesFocusable={false}
        isValidConnection={(connection) => !closes(connection)}
        onConnect={({ source, target }) => onTie(source, target)}
        onConnectEnd={refuse}
        onEdgesDelete={(gone) => gone.forEach(({ source, target }) => onUntie(source, target))}
        onEdgesChange={(changes) => setSelected(changes.flatMap((change) => (change.type === 'select' && change.selected ? [change.id] : [])).at(-1) ?? null)}
        onNodeClick={(_, { id }) => onChoose(id)}
        deleteKeyCode={['Delete', 'Backspace']}
        connectionRadius={36}
        fitView
        fitViewOptions={fit}
        minZoom={0.2}
      >
        <Refit shape={shape} />
        <Background gap={24} />
        <Controls showInteractive={false} fitViewOptions={fit} position="bottom-left" />
      </ReactFlow>
    </div>
  )
}

function nameOf(tasks: DraftTask[], id: string): string {
  const index = tasks.findIndex((task) => task.id === id)
  return tasks[index]?.name || `task ${index + 1}`
}

function Refit({ shape }: { shape: string }) {
  const { fitView } = useReactFlow()
  useEffect(() => void fitView(fit), [fitView, shape])
  return null
}

function DraftCard({ data: { task, number, direction } }: NodeProps<DraftNode>) {
  const across = direction === 'LR'
  return (
    <div className="flex h-full cursor-pointer items-center gap-2 rounded-xl border border-line bg-canvas px-3 shadow-sm hover:border-brand">
      <Handle type="target" position={across ? Position.Left : Position.Top} />
      <span className="text-faint tabular-nums">{number}</span>
      <span className={`truncate ${task.name ? 'font-medium' : 'text-faint'}`}>{task.name || 'Unnamed'}</span>
      <Handle type="source" position={across ? Position.Right : Position.Bottom} />
    </div>
  )
}
