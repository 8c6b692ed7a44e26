import type { Client, TypedDocumentNode } from 'urql'
import { CancelTasksDocument, CountTasksDocument, RetryTasksDocument, type TaskFilter, type WorkflowFilter, WorkflowIdsDocument, type WorkflowStatus } from '../gql'
import { sentenceOf } from '../ui/controls'

/** How it went with one of many. */
export type Outcome = { id: string; name: string; problem: string | null }

/** Something to be done with many things, in rounds that each tell how it went. */
export type Bulk = { count: () => Promise<number>; rounds: () => AsyncGenerator<Outcome[]> }

/** How many requests are under way at once. */
const width = 4
const pageSize = 100

type Picked = { ids: string[] } | { filter: WorkflowFilter }

/** Does the same with each workflow that was picked and is in a state in which it may be done. */
export function workflowBulk(client: Client, picked: Picked, when: WorkflowStatus[], mutation: TypedDocumentNode<unknown, { id: string }>): Bulk {
  const filter: WorkflowFilter = { and: ['ids' in picked ? { id: { in: picked.ids } } : picked.filter, { status: { in: when } }] }
  return {
    count: async () => (await workflowPage(client, filter, 1)).totalCount,
    async *rounds() {
      // All are gathered first: those that are done with would move the pages of a filter by status.
      const found = await allWorkflows(client, filter)
      for (let at = 0; at < found.length; at += width) {
        yield await Promise.all(
          found.slice(at, at + width).map(async ({ id, name }) => {
            const { error } = await client.mutation(mutation, { id })
            return { id, name, problem: error ? sentenceOf(error) : null }
          }),
        )
      }
    },
  }
}

async function workflowPage(client: Client, filter: WorkflowFilter, first: number, after?: string) {
  const { data, error } = await client.query(WorkflowIdsDocument, { filter, first, after }, { requestPolicy: 'network-only' })
  if (error || !data) throw error ?? new Error('The server did not answer.')
  return data.workflows
}

async function allWorkflows(client: Client, filter: WorkflowFilter) {
  const found: { id: string; name: string }[] = []
  let after: string | undefined
  do {
    const { edges, pageInfo } = await workflowPage(client, filter, pageSize, after)
    found.push(...edges.map((edge) => edge.node))
    after = pageInfo.hasNextPage ? (pageInfo.endCursor ?? undefined) : undefined
  } while (after !== undefined)
  return found
}

/** Calls off, or does again, all tasks that a filter keeps: as many at a time as the server takes. */
export function taskBulk(client: Client, verb: 'cancel' | 'retry', filter: TaskFilter): Bulk {
  return {
    count: async () => bodyOf(await client.query(CountTasksDocument, { filter }, { requestPolicy: 'network-only' }), (data) => data.tasks).totalCount,
    async *rounds() {
      for (let more = true; more; ) {
        const { outcomes, succeeded, hasMore } = await changeTasks(client, verb, filter)
        yield outcomes.map(({ id, task, error }) => ({ id, name: task?.name ?? id, problem: error?.message ?? null }))
        more = hasMore && succeeded > 0 // what was refused would be offered again and again
      }
    },
  }
}

async function changeTasks(client: Client, verb: 'cancel' | 'retry', filter: TaskFilter) {
  if (verb === 'cancel') return bodyOf(await client.mutation(CancelTasksDocument, { input: { filter } }), (data) => data.cancelTasks)
  return bodyOf(await client.mutation(RetryTasksDocument, { input: { filter } }), (data) => data.retryTasks)
}

function bodyOf<Data, Body>({ data, error }: { data?: Data | undefined; error?: Error | undefined }, pick: (data: Data) => Body | null): Body {
  const body = data && pick(data)
  if (error || !body) throw error ?? new Error('The server did not answer.')
  return body
}

/** Outcomes by thing: the last one counts, what was refused comes first. */
export function merge(before: Outcome[], round: Outcome[]): Outcome[] {
  const all = new Map([...before, ...round].map((outcome) => [outcome.id, outcome]))
  return [...all.values()].sort((a, b) => Number(b.problem !== null) - Number(a.problem !== null))
}
