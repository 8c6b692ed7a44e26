import { type FormEvent, useState } from 'react'
import { useMutation } from 'urql'
import { CreateTaskDocument, type Priority } from '../gql'
import { complaintsOf } from '../ui/complaints'
import { Button } from '../ui/controls'
import { Modal } from '../ui/dialog'
import { ChoiceField, TextField } from '../ui/field'
import { parseJSON } from '../ui/json-field'
import { wordsOf } from '../ui/status'
import type { Task } from './all-tasks'
import { wordsIn } from './draft'

const priorities: Priority[] = ['LOW', 'MEDIUM', 'HIGH', 'URGENT']

/** Adds a task to a workflow that may be running already. */
export default function AddTask({ workflowId, tasks, onClose }: { workflowId: string; tasks: Task[]; onClose: () => void }) {
  const [{ fetching, error }, create] = useMutation(CreateTaskDocument)
  const [before, setBefore] = useState<string[]>([])
  const [input, setInput] = useState('')
  const complaints = complaintsOf(error)
  const parsed = parseJSON(input)
  const inputProblem = input.trim() && !parsed.ok ? 'This is not JSON yet.' : complaints.get('input')
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    if (input.trim() && !parsed.ok) return
    const form = new FormData(event.currentTarget)
    const text = (name: string) => String(form.get(name)).trim()
    const { data } = await create({
      input: {
        workflowId,
        name: text('name'),
        description: text('description') || null,
        dependsOn: before,
        requiredCapabilities: wordsIn(text('capabilities')),
        priority: priorities.find((priority) => priority === form.get('priority')) ?? null,
        maxAttempts: Number(text('maxAttempts')) || null,
        ...(parsed.ok && { input: parsed.value }),
      },
    })
    if (data?.createTask) onClose()
  }
  return (
    <Modal label="Add a task" onClose={onClose} className="m-auto w-full max-w-2xl rounded-xl border p-5 shadow-2xl">
      <form onSubmit={submit} noValidate className="grid gap-4 sm:grid-cols-2">
        <h2 className="font-semibold sm:col-span-2">Add a task</h2>
        <div className="sm:col-span-2">
          <TextField label="Name" name="name" autoFocus maxLength={200} problem={complaints.get('name') ?? complaints.get('')} />
        </div>
        <div className="sm:col-span-2">
          <TextField label="Description" name="description" hint="What is to be done" problem={complaints.get('description')} />
        </div>
        <TextField label="Needs" name="capabilities" hint="Capabilities, with commas" problem={complaints.get('requiredCapabilities')} />
        <TextField label="Attempts" name="maxAttempts" type="number" min={1} max={100} hint="3" problem={complaints.get('maxAttempts')} />
        <ChoiceField label="Priority" name="priority" defaultValue="">
          <option value="">As the workflow</option>
          {priorities.map((priority) => (
            <option key={priority} value={priority}>
              {wordsOf(priority)}
            </option>
          ))}
        </ChoiceField>
        <TextField label="Input" value={input} onChange={(event) => setInput(event.target.value)} hint='JSON, such as {"rows": 3}' problem={inputProblem} />
        <fieldset className="sm:col-span-2">
          <legend className="mb-1.5 text-sm font-medium">Waits for</legend>
          <div className="flex max-h-32 flex-wrap gap-1.5 overflow-y-auto">
            {tasks.map(({ id, name }) => (
              <button
                key={id}
                type="button"
                aria-pressed={before.includes(id)}
                onClick={() => setBefore(before.includes(id) ? before.filter((one) => one !== id) : [...before, id])}
                className="max-w-56 truncate rounded-full border border-line px-2.5 py-1 text-xs text-soft hover:text-ink aria-pressed:border-brand aria-pressed:bg-brand/10 aria-pressed:text-ink"
              >
                {name}
              </button>
            ))}
          </div>
          <p className="mt-1 text-sm text-bad empty:hidden">{complaints.get('dependsOn')}</p>
        </fieldset>
        <div className="flex justify-end gap-2 sm:col-span-2">
          <Button onClick={onClose}>Leave it</Button>
          <Button type="submit" look="brand" disabled={fetching}>
            Add
          </Button>
        </div>
      </form>
    </Modal>
  )
}
