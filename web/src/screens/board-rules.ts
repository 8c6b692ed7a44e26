import type { TaskStatus } from '../gql'

/** The columns, in the order of a task's life. */
export const columns: TaskStatus[] = ['PENDING', 'READY', 'IN_PROGRESS', 'AWAITING_APPROVAL', 'COMPLETED', 'FAILED', 'CANCELLED', 'SKIPPED']

export const openStatuses: TaskStatus[] = ['PENDING', 'READY', 'IN_PROGRESS', 'AWAITING_APPROVAL']
const reopenable: TaskStatus[] = ['FAILED', 'CANCELLED', 'SKIPPED']

/** Where a card may be dropped: on a status, on an agent, or on nobody in particular. */
export type Place = { status: TaskStatus } | { agent: BoardAgent | null }
export type BoardAgent = { id: string; name: string; capabilities: string[] }
export type BoardTask = { id: string; name: string; status: TaskStatus; requiredCapabilities: string[]; assignee: { id: string } | null }

export type Move = { kind: 'skip' | 'cancel' | 'retry' | 'unassign' } | { kind: 'assign'; agentId: string }

/** What dropping a task on a place means; null when it may not go there. */
export function moveOf(task: BoardTask, place: Place): Move | null {
  if ('status' in place) return transitionOf(task, place.status)
  if (!openStatuses.includes(task.status)) return null
  if (!place.agent) return task.assignee ? { kind: 'unassign' } : null
  const { id } = place.agent
  return task.assignee?.id !== id && isCapable(place.agent, task) ? { kind: 'assign', agentId: id } : null
}

/** Whether an agent has all that a task needs. */
export function isCapable({ capabilities }: BoardAgent, { requiredCapabilities }: BoardTask): boolean {
  return requiredCapabilities.every((needed) => capabilities.includes(needed))
}

function transitionOf({ status }: BoardTask, next: TaskStatus): Move | null {
  if (next === 'SKIPPED' && openStatuses.includes(status)) return { kind: 'skip' }
  if (next === 'CANCELLED' && openStatuses.includes(status)) return { kind: 'cancel' }
  // Whether it waits or is ready then is up to what it depends on.
  if ((next === 'PENDING' || next === 'READY') && reopenable.includes(status)) return { kind: 'retry' }
  return null
}

/** The place that many steps further among those that are legal; goes round. */
export function step<Item>(places: Item[], current: Item | undefined, by: 1 | -1): Item | undefined {
  const from = current === undefined ? -1 : places.indexOf(current)
  if (from < 0) return by > 0 ? places[0] : places.at(-1)
  return places[(from + by + places.length) % places.length]
}
