import { useMemo } from 'react'
import type { DraftTask } from './draft'
import { nodeHeight, nodeWidth, planOf } from './graph-layout'

/** A picture of what is being drafted. */
export function DraftGraph({ tasks }: { tasks: DraftTask[] }) {
  const { direction, places } = useMemo(() => planOf(tasks.map(({ id, after }) => ({ id, dependsOn: after.map((id) => ({ id })) }))), [tasks])
  const all = [...places.values()]
  const width = Math.max(...all.map(({ x }) => x)) + nodeWidth
  const height = Math.max(...all.map(({ y }) => y)) + nodeHeight
  return (
    <svg role="img" aria-label={`${tasks.length} tasks as a graph`} viewBox={`-8 -8 ${width + 16} ${height + 16}`} className="max-h-[60dvh] w-full max-w-(--most) p-3" style={{ '--most': `${width + 40}px` } as React.CSSProperties}>
      {tasks.flatMap(({ id, after }) =>
        after.map((before) => <path key={`${before} ${id}`} d={curve(places.get(before)!, places.get(id)!, direction)} fill="none" stroke="var(--faint)" strokeWidth={1.5} />),
      )}
      {tasks.map(({ id, name }, index) => {
        const { x, y } = places.get(id)!
        return (
          <foreignObject key={id} x={x} y={y} width={nodeWidth} height={nodeHeight}>
            <div className="flex h-full items-center gap-2 rounded-xl border border-line bg-canvas px-3 text-sm">
              <span className="text-faint tabular-nums">{index + 1}</span>
              <span className={`truncate ${name ? 'font-medium' : 'text-faint'}`}>{name || 'Unnamed'}</span>
            </div>
          </foreignObject>
        )
      })}
    </svg>
  )
}

type Point = { x: number; y: number }

/** From the end of one card to the beginning of another. */
function curve(from: Point, to: Point, direction: 'LR' | 'TB'): string {
  if (direction === 'LR') {
    const [x1, y1, x2, y2] = [from.x + nodeWidth, from.y + nodeHeight / 2, to.x, to.y + nodeHeight / 2]
    return `M${x1},${y1} C${(x1 + x2) / 2},${y1} ${(x1 + x2) / 2},${y2} ${x2},${y2}`
  }
  const [x1, y1, x2, y2] = [from.x + nodeWidth / 2, from.y + nodeHeight, to.x + nodeWidth / 2, to.y]
  return `M${x1},${y1} C${x1},${(y1 + y2) / 2} ${x2},${(y1 + y2) / 2} ${x2},${y2}`
}
