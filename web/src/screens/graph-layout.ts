import { Graph, layout } from '@dagrejs/dagre'

export type Shape = { id: string; dependsOn: { id: string }[] }
export type Direction = 'LR' | 'TB'
export type Place = { x: number; y: number }
export type Plan = { direction: Direction; places: Map<string, Place> }

export const nodeWidth = 216
export const nodeHeight = 72

/** How much wider than high the place is in which a graph is usually seen. On a phone, and beside a form, it is higher than wide. */
export const wideAspect = 1.75
export const tallAspect = 0.8

/** What fits into this width is shown in full size anyway. */
const ample = 1100

/** The room between cards beside each other, and between what does not belong together. */
const gap = 20
const partGap = 48

/** Places tasks behind all that they wait for: from left to right, or from the top down where that shows them larger. */
export function planOf(tasks: Shape[], aspect = wideAspect): Plan {
  const across = planAlong(tasks, 'LR', aspect)
  const down = planAlong(tasks, 'TB', aspect)
  const enough = aspect > 1 ? ample : 0
  return extentOf(across.places, aspect) <= Math.max(extentOf(down.places, aspect), enough) ? across : down
}

/** Changes when, and only when, tasks came, went or were tied together differently. */
export function shapeOf(tasks: Shape[]): string {
  return tasks.map(({ id, dependsOn }) => `${id}<${dependsOn.map((before) => before.id).join()}`).join(';')
}

type Places = Map<string, Place>

function planAlong(tasks: Shape[], direction: Direction, aspect: number): Plan {
  return { direction, places: packed(partsOf(tasks).map((part) => folded(arranged(part, direction), direction, aspect)), aspect) }
}

/** Tasks that hang together, in the order in which the first of each comes. */
function partsOf(tasks: Shape[]): Shape[][] {
  const leads = new Map(tasks.map(({ id }) => [id, id]))
  const leadOf = (id: string): string => {
    let lead = id
    while (leads.get(lead) !== lead) lead = leads.get(lead)!
    leads.set(id, lead) // so that the way is short the next time
    return lead
  }
  for (const { id, dependsOn } of tasks) for (const before of dependsOn) if (leads.has(before.id)) leads.set(leadOf(id), leadOf(before.id))
  return [...grouped(tasks, ({ id }) => leadOf(id)).values()]
}

function arranged(tasks: Shape[], direction: Direction): Places {
  const graph = new Graph()
  graph.setGraph({ rankdir: direction, nodesep: gap, ranksep: rankGap(direction) })
  graph.setDefaultEdgeLabel(() => ({}))
  const known = new Set(tasks.map((task) => task.id))
  for (const { id } of tasks) graph.setNode(id, { width: nodeWidth, height: nodeHeight })
  for (const { id, dependsOn } of tasks) for (const before of dependsOn) if (known.has(before.id)) graph.setEdge(before.id, id)
  layout(graph)
  return new Map(
    tasks.map(({ id }) => {
      const { x, y } = graph.node(id)
      return [id, { x: x - nodeWidth / 2, y: y - nodeHeight / 2 }]
    }),
  )
}

function grouped<Item, Key>(items: Iterable<Item>, keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>()
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item])
  return groups
}

function rankGap(direction: Direction): number {
  return direction === 'LR' ? 56 : 40
}

/** How many cards stand beside each other at most where many wait for the same. */
const foldings = [32, 24, 16, 12]

/** A layer of very many becomes several, when all of it is then seen much larger. */
function folded(places: Places, direction: Direction, aspect: number): Places {
  const layers = layersOf(places, direction)
  const most = Math.max(...layers.map((layer) => layer.length))
  const [best] = foldings
    .filter((breadth) => breadth < most)
    .map((breadth) => foldedTo(layers, breadth, direction))
    .sort((a, b) => extentOf(a, aspect) - extentOf(b, aspect))
  return best && extentOf(best, aspect) * 1.5 < extentOf(places, aspect) ? best : places
}

/** The ids of each layer, in the order in which they stand. */
function layersOf(places: Places, direction: Direction): string[][] {
  const [along, beside] = direction === 'LR' ? (['x', 'y'] as const) : (['y', 'x'] as const)
  const layers = grouped(places, ([, place]) => place[along])
  return [...layers].sort(([a], [b]) => a - b).map(([, layer]) => layer.sort(([, a], [, b]) => a[beside] - b[beside]).map(([id]) => id))
}

function foldedTo(layers: string[][], breadth: number, direction: Direction): Places {
  const [length, width] = direction === 'LR' ? [nodeWidth, nodeHeight] : [nodeHeight, nodeWidth]
  const places: Places = new Map()
  let start = 0
  for (const layer of layers) {
    const rows = Math.min(layer.length, breadth)
    layer.forEach((id, index) => {
      const along = start + Math.floor(index / rows) * (length + gap)
      const beside = ((index % rows) - (rows - 1) / 2) * (width + gap)
      places.set(id, direction === 'LR' ? { x: along, y: beside } : { x: beside, y: along })
    })
    start += Math.ceil(layer.length / rows) * (length + gap) + rankGap(direction)
  }
  return places
}

/** Puts parts beside and below each other, so that the whole is about as wide as its place. */
function packed(parts: Places[], aspect: number): Places {
  const area = parts.reduce((sum, part) => sum + (boundsOf(part).width + partGap) * (boundsOf(part).height + partGap), 0)
  const room = Math.max(Math.sqrt(area * aspect), ...parts.map((part) => boundsOf(part).width))
  const all: Places = new Map()
  let [left, top, bottom] = [0, 0, 0]
  for (const part of parts) {
    const { x, y, width, height } = boundsOf(part)
    if (left + width > room) [left, top] = [0, bottom + partGap]
    for (const [id, place] of part) all.set(id, { x: left + place.x - x, y: top + place.y - y })
    left += width + partGap
    bottom = Math.max(bottom, top + height)
  }
  return all
}

function boundsOf(places: Places) {
  const xs = [...places.values()].map(({ x }) => x)
  const ys = [...places.values()].map(({ y }) => y)
  const [x, y] = [Math.min(...xs), Math.min(...ys)]
  return { x, y, width: Math.max(...xs) + nodeWidth - x, height: Math.max(...ys) + nodeHeight - y }
}

/** The width that a place of that aspect needs to show all. */
function extentOf(places: Places, aspect: number): number {
  const { width, height } = boundsOf(places)
  return Math.max(width, height * aspect)
}
