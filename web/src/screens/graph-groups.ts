import type { Shape } from './graph-layout'

/** From how many tasks on a graph is shown in groups at first, and how many groups that gives, about. */
export const groupFrom = 150
const groupsWanted = 24

export type Group = { id: string; name: string; ids: string[] }

/** Tasks that are about as many steps from the beginning go together. */
export function groupsOf(tasks: Shape[]): Group[] {
  const layers = layersOf(tasks)
  const size = Math.ceil(tasks.length / groupsWanted)
  const groups: Group[] = []
  let [first, ids]: [number, string[]] = [0, []]
  layers.forEach((layer, index) => {
    ids.push(...layer)
    if (ids.length < size && index < layers.length - 1) return
    const name = first === index ? `Step ${index + 1}` : `Steps ${first + 1} to ${index + 1}`
    groups.push({ id: `group-${groups.length}`, name, ids })
    first = index + 1
    ids = []
  })
  return groups
}

/** Tasks by the length of the longest way to them. */
function layersOf(tasks: Shape[]): string[][] {
  const byId = new Map(tasks.map((task) => [task.id, task]))
  const depths = new Map<string, number>()
  const depthOf = (id: string): number => {
    const known = depths.get(id)
    if (known !== undefined) return known
    depths.set(id, 0) // the server allows no circles; a half-read graph must not hang all the same
    const depth = Math.max(-1, ...byId.get(id)!.dependsOn.filter((before) => byId.has(before.id)).map((before) => depthOf(before.id))) + 1
    depths.set(id, depth)
    return depth
  }
  const layers: string[][] = []
  for (const { id } of tasks) (layers[depthOf(id)] ??= []).push(id)
  return layers
}

/** The shape that is drawn when all but the open groups are one node each. */
export function collapsed(tasks: Shape[], groups: Group[], open: ReadonlySet<string>): Shape[] {
  const nodeOf = new Map(groups.flatMap((group) => group.ids.map((id) => [id, open.has(group.id) ? id : group.id] as const)))
  const ties = new Map<string, Set<string>>()
  for (const { id, dependsOn } of tasks) {
    const node = nodeOf.get(id) ?? id
    const before = ties.get(node) ?? new Set()
    for (const one of dependsOn) before.add(nodeOf.get(one.id) ?? one.id)
    before.delete(node)
    ties.set(node, before)
  }
  return [...ties].map(([id, before]) => ({ id, dependsOn: [...before].map((id) => ({ id })) }))
}
