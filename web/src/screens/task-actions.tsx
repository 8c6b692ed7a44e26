import { Ban, type LucideIcon, RotateCcw, SkipForward } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { type TypedDocumentNode, useClient } from 'urql'
import { CancelTaskDocument, RetryTaskDocument, SkipTaskDocument, type TaskStatus } from '../gql'
import { useMaySteer } from '../live/hooks'
import { Button } from '../ui/controls'
import { Confirm, Modal } from '../ui/dialog'
import { JsonField, parseJSON } from '../ui/json-field'
import { complain } from '../ui/toast'
import { openStatuses } from './board-rules'
import type { Task } from './task'

type Action = { name: string; Icon: LucideIcon; mutation: TypedDocumentNode<unknown, { id: string }>; when: TaskStatus[]; ask: string }

const actions: Action[] = [
  { name: 'Skip', Icon: SkipForward, mutation: SkipTaskDocument, when: openStatuses, ask: 'What depends on it goes on as if it were done.' },
  { name: 'Cancel', Icon: Ban, mutation: CancelTaskDocument, when: openStatuses, ask: 'What depends on it is skipped, and what its agent still writes is refused.' },
]

const retryable: TaskStatus[] = ['FAILED', 'CANCELLED', 'SKIPPED']

/** What may be done with a task now; nothing for those who may only look. */
export function TaskActions({ task }: { task: Task }) {
  const client = useClient()
  const maySteer = useMaySteer()
  const [asking, setAsking] = useState<Action | 'retry' | null>(null)
  if (!maySteer) return null
  const run = async (mutation: TypedDocumentNode<unknown, { id: string; input?: unknown }>, input?: unknown) => {
    const { error } = await client.mutation(mutation, { id: task.id, ...(input !== undefined && { input }) })
    if (error) complain(error)
  }
  const close = () => setAsking(null)
  return (
    <>
      {retryable.includes(task.status) && (
        <>
          <Button Icon={RotateCcw} onClick={() => run(RetryTaskDocument)}>
            Retry
          </Button>
          <Button onClick={() => setAsking('retry')}>Retry with…</Button>
        </>
      )}
      {actions
        .filter(({ when }) => when.includes(task.status))
        .map((action) => (
          <Button key={action.name} Icon={action.Icon} onClick={() => setAsking(action)}>
            {action.name}
          </Button>
        ))}
      {asking === 'retry' && <RetryWith task={task} onRetry={(input) => run(RetryTaskDocument, input)} onClose={close} />}
      {asking && asking !== 'retry' && <Confirm title={`${asking.name} “${task.name}”?`} text={asking.ask} action={asking.name} onYes={() => run(asking.mutation)} onClose={close} />}
    </>
  )
}

/** Lets the input be changed before the task is done again. */
function RetryWith({ task, onRetry, onClose }: { task: Task; onRetry: (input: unknown) => void; onClose: () => void }) {
  const [text, setText] = useState(JSON.stringify(task.input, null, 2))
  const parsed = parseJSON(text)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!parsed.ok) return
    onRetry(parsed.value)
    onClose()
  }
  return (
    <Modal label="Retry with another input" onClose={onClose} className="m-auto w-full max-w-2xl rounded-xl border p-5 shadow-2xl">
      <form onSubmit={submit} className="space-y-4">
        <h2 className="font-semibold">Retry “{task.name}” with another input</h2>
        <JsonField label="Input" text={text} onChange={setText} before={JSON.stringify(task.input, null, 2)} />
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Leave it</Button>
          <Button type="submit" look="brand" disabled={!parsed.ok}>
            Retry
          </Button>
        </div>
      </form>
    </Modal>
  )
}
