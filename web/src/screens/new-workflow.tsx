import { useNavigate, useSearch } from '@tanstack/react-router'
import { Plus, Trash2 } from 'lucide-react'
import { type FormEvent, lazy, Suspense, useState } from 'react'
import { useMutation, useQuery } from 'urql'
import { CreateWorkflowDocument, type FailurePolicy, type Priority, TemplateDocument } from '../gql'
import { useMaySteer } from '../live/hooks'
import { randomWord } from '../session'
import { complaintsOf } from '../ui/complaints'
import { Button, Empty, Loading, Panel, Problem } from '../ui/controls'
import { ChoiceField, TextField } from '../ui/field'
import { PageHead } from '../ui/page'
import { wordsOf } from '../ui/status'
import { type Draft, type DraftTask, draftLike, emptyDraft, inputOf, tied, untied, waitsFor, withoutTask, withTask } from './draft'

const DraftGraph = lazy(() => import('./draft-graph'))

const priorities: Priority[] = ['LOW', 'MEDIUM', 'HIGH', 'URGENT']
const policies: [FailurePolicy, string][] = [
  ['FAIL_FAST', 'Stop'],
  ['CONTINUE', 'Go on with the rest'],
]

/** Drafts a workflow from nothing, or from one that exists when the address names one. */
export function NewWorkflow() {
  const { from } = useSearch({ from: '/workflows/new' })
  const [{ data, error }] = useQuery({ query: TemplateDocument, variables: { id: from ?? '' }, pause: from === undefined })
  if (error) return <Problem error={error} />
  if (from !== undefined && !data) return <Loading rows={6} />
  return <Builder key={from} beginning={data?.workflow ? draftLike(data.workflow) : emptyDraft()} />
}

/** Tasks as a form and as a graph, and both change the same draft. It is created all or nothing. */
function Builder({ beginning }: { beginning: Draft }) {
  const navigate = useNavigate()
  const maySteer = useMaySteer()
  const [draft, setDraft] = useState(beginning)
  // Sent twice, by a double click or after a lost answer, it still creates one.
  const [idempotencyKey] = useState(randomWord)
  const [{ fetching, error }, create] = useMutation(CreateWorkflowDocument)
  const complaints = complaintsOf(error)
  if (!maySteer) return <Empty title="Your role may look, but not create" />
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    const { data } = await create({ input: inputOf(draft, idempotencyKey) })
    const id = data?.createWorkflow?.workflow.id
    if (id) await navigate({ to: '/workflows/$id', params: { id } })
  }
  const change = (part: Partial<Draft>) => setDraft({ ...draft, ...part })
  return (
    <form onSubmit={submit} noValidate>
      <PageHead title="New workflow">
        <label className="flex items-center gap-2 text-sm text-soft">
          <input type="checkbox" checked={draft.start} onChange={(event) => change({ start: event.target.checked })} className="size-4 accent-brand" />
          Start at once
        </label>
        <Button type="submit" look="brand" disabled={fetching}>
          Create
        </Button>
      </PageHead>
      {complaints.has('') && (
        <p role="alert" className="mb-4 rounded-lg border border-bad/40 bg-bad/8 px-4 py-3 text-sm">
          {complaints.get('')}
        </p>
      )}
      <div className="grid items-start gap-4 xl:grid-cols-2">
        <div className="space-y-4">
          <General draft={draft} complaints={complaints} onChange={change} />
          <Tasks draft={draft} complaints={complaints} onChange={setDraft} />
        </div>
        <Panel title="As a graph" aside={<span className="hidden sm:inline">Drag from a task to the one that waits for it</span>} className="xl:sticky xl:top-5">
          <Suspense>
            {draft.tasks.length > 0 ? (
              <DraftGraph
                tasks={draft.tasks}
                onTie={(before, id) => setDraft((draft) => tied(draft, before, id))}
                onUntie={(before, id) => setDraft((draft) => untied(draft, before, id))}
                onChoose={(id) => document.getElementById(`name-${id}`)?.focus()}
              />
            ) : (
              <Empty title="No tasks yet" />
            )}
          </Suspense>
        </Panel>
      </div>
    </form>
  )
}

type Complaints = Map<string, string>

function General({ draft, complaints, onChange }: { draft: Draft; complaints: Complaints; onChange: (part: Partial<Draft>) => void }) {
  return (
    <Panel title="Workflow">
      <div className="grid gap-4 p-4 sm:grid-cols-2">
        <div className="sm:col-span-2">
          <TextField label="Name" autoFocus maxLength={200} value={draft.name} problem={complaints.get('name')} onChange={(event) => onChange({ name: event.target.value })} />
        </div>
        <div className="sm:col-span-2">
          <TextField label="Description" hint="What it is for" value={draft.description} problem={complaints.get('description')} onChange={(event) => onChange({ description: event.target.value })} />
        </div>
        <ChoiceField label="Priority" value={draft.priority} onChange={(event) => onChange({ priority: priorities.find((one) => one === event.target.value)! })}>
          {priorities.map((priority) => (
            <option key={priority} value={priority}>
              {wordsOf(priority)}
            </option>
          ))}
        </ChoiceField>
        <ChoiceField label="When a task fails" value={draft.failurePolicy} onChange={(event) => onChange({ failurePolicy: event.target.value === 'CONTINUE' ? 'CONTINUE' : 'FAIL_FAST' })}>
          {policies.map(([policy, words]) => (
            <option key={policy} value={policy}>
              {words}
            </option>
          ))}
        </ChoiceField>
        <div className="sm:col-span-2">
          <TextField label="Labels" hint="Separated by commas" value={draft.labels} problem={complaints.get('labels')} onChange={(event) => onChange({ labels: event.target.value })} />
        </div>
      </div>
    </Panel>
  )
}

function Tasks({ draft, complaints, onChange }: { draft: Draft; complaints: Complaints; onChange: (draft: Draft) => void }) {
  const change = (changed: DraftTask) => onChange({ ...draft, tasks: draft.tasks.map((task) => (task.id === changed.id ? changed : task)) })
  return (
    <Panel
      title="Tasks"
      aside={
        <Button Icon={Plus} onClick={() => onChange(withTask(draft))}>
          Add a task
        </Button>
      }
    >
      <ol className="divide-y divide-line">
        {draft.tasks.map((task, index) => (
          <li key={task.id} className="space-y-3 p-4">
            <TaskFields task={task} index={index} others={draft.tasks.filter(({ id }) => id !== task.id && !waitsFor(draft.tasks, id, task.id))} numberOf={(id) => draft.tasks.findIndex((task) => task.id === id) + 1} complaints={complaints} onChange={change} onRemove={() => onChange(withoutTask(draft, task.id))} />
          </li>
        ))}
      </ol>
    </Panel>
  )
}

type TaskFieldsProps = { task: DraftTask; index: number; others: DraftTask[]; numberOf: (id: string) => number; complaints: Complaints; onChange: (task: DraftTask) => void; onRemove: () => void }

/** It may wait for all but those that wait for it: no circle can be drawn. */
function TaskFields({ task, index, others, numberOf, complaints, onChange, onRemove }: TaskFieldsProps) {
  const problem = (field: string) => complaints.get(`tasks.${index}.${field}`)
  const toggle = (id: string) => onChange({ ...task, after: task.after.includes(id) ? task.after.filter((one) => one !== id) : [...task.after, id] })
  return (
    <>
      <div className="grid gap-3 sm:grid-cols-[minmax(0,3fr)_minmax(0,2fr)_auto] sm:items-start">
        <TextField id={`name-${task.id}`} label={`Task ${index + 1}`} maxLength={200} value={task.name} problem={problem('name')} onChange={(event) => onChange({ ...task, name: event.target.value })} />
        <TextField label="Needs" hint="Capabilities, with commas" value={task.capabilities} problem={problem('requiredCapabilities')} onChange={(event) => onChange({ ...task, capabilities: event.target.value })} />
        <Button look="quiet" Icon={Trash2} aria-label={`Remove task ${index + 1}`} onClick={onRemove} className="mt-6 px-2" />
      </div>
      {others.length > 0 && (
        <fieldset className="flex flex-wrap items-center gap-1.5">
          <legend className="float-left mr-2 text-sm text-soft">Waits for</legend>
          {others.map((before) => (
            <button
              key={before.id}
              type="button"
              aria-pressed={task.after.includes(before.id)}
              onClick={() => toggle(before.id)}
              className="max-w-48 truncate rounded-full border border-line px-2.5 py-1 text-xs text-soft hover:text-ink aria-pressed:border-brand aria-pressed:bg-brand/10 aria-pressed:text-ink"
            >
              {numberOf(before.id)} {before.name}
            </button>
          ))}
        </fieldset>
      )}
    </>
  )
}
