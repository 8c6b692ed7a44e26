import type { CreateWorkflowInput, FailurePolicy, NewTaskInput, Priority, TemplateQuery } from '../gql'

/** What a template brings along and the form does not show. */
type Kept = Pick<NewTaskInput, 'description' | 'input' | 'priority' | 'maxAttempts' | 'timeoutSeconds'>

export type DraftTask = { id: string; name: string; capabilities: string; after: string[]; kept?: Kept }

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
    tasks: draft.tasks.map((task) => ({ ...task.kept, key: task.id, name: task.name.trim(), dependsOn: task.after, requiredCapabilities: wordsIn(task.capabilities) })),
    idempotencyKey,
  }
}

/** Words that commas separate. */
export function wordsIn(text: string): string[] {
  return text.split(',').map((word) => word.trim()).filter((word) => word !== '')
}

/** Whether a task waits for another, or for one that does. */
export function waitsFor(tasks: DraftTask[], id: string, other: string): boolean {
  const seen = new Set<string>()
  const visit = (one: string): boolean => {
    if (one === other) return true
    if (seen.has(one)) return false
    seen.add(one)
    return tasks.find((task) => task.id === one)?.after.some(visit) ?? false
  }
  return tasks.find((task) => task.id === id)?.after.some(visit) ?? false
}

/** Makes a task wait for another, unless that closes a circle. */
export function tied(draft: Draft, before: string, id: string): Draft {
  if (before === id || waitsFor(draft.tasks, before, id)) return draft
  return { ...draft, tasks: draft.tasks.map((task) => (task.id === id && !task.after.includes(before) ? { ...task, after: [...task.after, before] } : task)) }
}

/** Makes a task wait for another no more. */
export function untied(draft: Draft, before: string, id: string): Draft {
  return { ...draft, tasks: draft.tasks.map((task) => (task.id === id ? { ...task, after: task.after.filter((one) => one !== before) } : task)) }
}

/** A draft that is like a workflow that exists. */
export function draftLike(workflow: NonNullable<TemplateQuery['workflow']>): Draft {
  const nodes = workflow.tasks.edges.map((edge) => edge.node)
  const ids = new Map(nodes.map((node, index) => [node.id, `t${index + 1}`]))
  return {
    name: `${workflow.name}, again`.slice(0, 200),
    description: workflow.description ?? '',
    priority: workflow.priority,
    failurePolicy: workflow.failurePolicy,
    labels: workflow.labels.join(', '),
    start: true,
    tasks: nodes.map(({ id, name, requiredCapabilities, dependsOn, description, input, priority, maxAttempts, timeoutSeconds }) => ({
      id: ids.get(id)!,
      name,
      capabilities: requiredCapabilities.join(', '),
      after: dependsOn.flatMap((before) => ids.get(before.id) ?? []),
      kept: { description, input, priority, maxAttempts, timeoutSeconds },
    })),
  }
}
