import { Graph, layout } from '@dagrejs/dagre'

export type Shape = { id: string; dependsOn: { id: string }[] }
export type Direction = 'LR' | 'TB'
export type Plan = { direction: Direction; places: Map<string, { x: number; y: number }> }

export const nodeWidth = 216
export const nodeHeight = 72

/** How much wider than high the place is in which a graph is usually seen. */
const aspect = 1.75

/** What fits into this width is shown in full size anyway. */
const ample = 1100

/** Places tasks behind all that they wait for: from left to right, or from the top down where that shows them larger. */
export function planOf(tasks: Shape[]): Plan {
  const across = arrange(tasks, 'LR')
  const down = arrange(tasks, 'TB')
  return extentOf(across) <= Math.max(extentOf(down), ample) ? across : down
}

/** The width that a place of the usual aspect needs to show all of a plan. */
function extentOf({ places }: Plan): number {
  const all = [...places.values()]
  const width = Math.max(...all.map(({ x }) => x)) + nodeWidth
  const height = Math.max(...all.map(({ y }) => y)) + nodeHeight
  return Math.max(width, height * aspect)
}

function arrange(tasks: Shape[], direction: Direction): Plan {
  const graph = new Graph()
  graph.setGraph({ rankdir: direction, nodesep: 20, ranksep: direction === 'LR' ? 56 : 40 })
  graph.setDefaultEdgeLabel(() => ({}))
  const known = new Set(tasks.map((task) => task.id))
  for (const { id } of tasks) graph.setNode(id, { width: nodeWidth, height: nodeHeight })
  for (const { id, dependsOn } of tasks) for (const before of dependsOn) if (known.has(before.id)) graph.setEdge(before.id, id)
  layout(graph)
  const places = tasks.map(({ id }) => {
    const { x, y } = graph.node(id)
    return [id, { x: x - nodeWidth / 2, y: y - nodeHeight / 2 }] as const
  })
  return { direction, places: new Map(places) }
}

/** Changes when, and only when, tasks came, went or were tied together differently. */
export function shapeOf(tasks: Shape[]): string {
  return tasks.map(({ id, dependsOn }) => `${id}<${dependsOn.map((before) => before.id).join()}`).join(';')
}
