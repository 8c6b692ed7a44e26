import type { CombinedError } from '@urql/core'
import type { CreateWorkflowInput, FailurePolicy, Priority } from '../gql'

export type DraftTask = { id: string; name: string; capabilities: string; after: string[] }

export type Draft = {
  name: string
  description: string
  priority: Priority
  failurePolicy: FailurePolicy
  labels: string
  start: boolean
  tasks: DraftTask[]
}

/** Begins with one task, since a workflow without any has nothing to do. */
export function emptyDraft(): Draft {
  return { name: '', description: '', priority: 'MEDIUM', failurePolicy: 'FAIL_FAST', labels: '', start: true, tasks: [{ id: 't1', name: '', capabilities: '', after: [] }] }
}

/** Adds a task behind the last one, waiting for it: most workflows are a row to begin with. */
export function withTask(draft: Draft): Draft {
  const last = draft.tasks.at(-1)
  const number = Math.max(0, ...draft.tasks.map((task) => Number(task.id.slice(1)))) + 1
  return { ...draft, tasks: [...draft.tasks, { id: `t${number}`, name: '', capabilities: '', after: last ? [last.id] : [] }] }
}

/** Takes a task out; what waited for it waits for what it waited for. */
export function withoutTask(draft: Draft, id: string): Draft {
  const gone = draft.tasks.find((task) => task.id === id)
  const bypass = (task: DraftTask) => (task.after.includes(id) ? [...new Set([...task.after.filter((one) => one !== id), ...(gone?.after ?? [])])] : task.after)
  return { ...draft, tasks: draft.tasks.filter((task) => task.id !== id).map((task) => ({ ...task, after: bypass(task) })) }
}

/** The draft as the API takes it. Tasks keep their order, so that an error names the task by its place. */
export function inputOf(draft: Draft, idempotencyKey: string): CreateWorkflowInput {
  return {
    name: draft.name.trim(),
    description: draft.description.trim() || null,
    priority: draft.priority,
    failurePolicy: draft.failurePolicy,
    labels: wordsIn(draft.labels),
    start: draft.start,
    tasks: draft.tasks.map((task) => ({ key: task.id, name: task.name.trim(), dependsOn: task.after, requiredCapabilities: wordsIn(task.capabilities) })),
    idempotencyKey,
  }
}

function wordsIn(text: string): string[] {
  return text.split(',').map((word) => word.trim()).filter((word) => word !== '')
}

/** What the server complains of, by the field at fault ("tasks.0.name"); under "" what belongs to none. */
export function complaintsOf(error: CombinedError): Map<string, string> {
  return new Map(
    error.graphQLErrors.length > 0
      ? error.graphQLErrors.map(({ message, extensions }) => [typeof extensions.field === 'string' ? extensions.field : '', message])
      : [['', 'The server cannot be reached. Nothing was created.']],
  )
}
