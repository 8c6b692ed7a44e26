import type { EventType, SuggestionKind, WorkflowOrderField, WorkflowStatus } from './gql'

/** What a page keeps in its address, so that a link shows the same. Whatever is not understood is left out. */

export const workflowStatuses = ['PENDING', 'RUNNING', 'PAUSED', 'COMPLETED', 'FAILED', 'CANCELLED'] as const satisfies WorkflowStatus[]
export const workflowOrders = ['CREATED_AT', 'UPDATED_AT', 'NAME', 'PRIORITY', 'PROGRESS'] as const satisfies WorkflowOrderField[]
export const eventGroups = ['WORKFLOW', 'TASK', 'AGENT', 'SUGGESTION', 'COMMENT', 'APPROVAL_POLICY', 'ACCESS'] as const

export const workflowViews = ['list', 'board', 'timeline', 'activity'] as const

export type WorkflowView = (typeof workflowViews)[number]
export type EventGroup = (typeof eventGroups)[number]
type Search = Record<string, unknown>

export type Paging = { after?: string | undefined; before?: string | undefined }

export type WorkflowsSearch = Paging & {
  name?: string | undefined
  status?: WorkflowStatus[] | undefined
  order?: WorkflowOrderField | undefined
  ascending?: true | undefined
}

export const suggestionKinds = ['ACTION', 'QUESTION'] as const satisfies SuggestionKind[]

/** The times that the overview looks back on. */
export const ranges = ['1h', '24h', '7d'] as const

export type Range = (typeof ranges)[number]

/** Confidence at a glance: from 90 %, from 70 %, and below. */
export const confidences = ['high', 'middle', 'low'] as const

export type InboxSearch = { kind?: SuggestionKind | undefined; sure?: (typeof confidences)[number] | undefined; action?: string | undefined }

export const searches = {
  /** The task whose drawer is open, on any page. */
  everywhere: ({ task }: Search): { task?: string | undefined } => ({ task: text(task) }),
  overview: ({ range }: Search): { range?: Range | undefined } => ({ range: oneOf(range, ranges) }),
  workflows: ({ name, status, order, ascending, after, before }: Search): WorkflowsSearch => ({
    name: text(name),
    status: several(status, workflowStatuses),
    order: oneOf(order, workflowOrders),
    ascending: ascending === true || undefined,
    ...paging({ after, before }),
  }),
  newWorkflow: ({ from }: Search): { from?: string | undefined } => ({ from: text(from) }),
  workflow: ({ view, after, before }: Search): Paging & { view?: WorkflowView | undefined } => ({ view: oneOf(view, workflowViews), ...paging({ after, before }) }),
  inbox: ({ kind, sure, action }: Search): InboxSearch => ({ kind: oneOf(kind, suggestionKinds), sure: oneOf(sure, confidences), action: text(action) }),
  activity: ({ about, after, before }: Search): Paging & { about?: EventGroup | undefined } => ({ about: oneOf(about, eventGroups), ...paging({ after, before }) }),
}

function paging({ after, before }: Search): Paging {
  return { after: text(after), before: text(before) }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function oneOf<Value extends string>(value: unknown, all: readonly Value[]): Value | undefined {
  return all.find((one) => one === value)
}

function several<Value extends string>(value: unknown, all: readonly Value[]): Value[] | undefined {
  if (!Array.isArray(value)) return undefined
  const known = all.filter((one) => value.includes(one))
  return known.length > 0 ? known : undefined
}

/** The noun of an event's type. */
export function groupOf(type: EventType): EventGroup {
  return eventGroups.find((group) => type.startsWith(`${group}_`)) ?? 'ACCESS'
}
