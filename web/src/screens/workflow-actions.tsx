import { Ban, CirclePause, CirclePlay, type LucideIcon, RotateCcw } from 'lucide-react'
import { useState } from 'react'
import { type TypedDocumentNode, useClient } from 'urql'
import {
  CancelWorkflowDocument,
  PauseWorkflowDocument,
  ResumeWorkflowDocument,
  RetryWorkflowDocument,
  StartWorkflowDocument,
  type WorkflowPartsFragment,
  type WorkflowStatus,
} from '../gql'
import { useMaySteer } from '../live/hooks'
import { Button } from '../ui/controls'
import { Confirm } from '../ui/dialog'
import { complain } from '../ui/toast'

export type Action = { name: string; Icon: LucideIcon; mutation: TypedDocumentNode<unknown, { id: string }>; when: WorkflowStatus[]; ask?: string }

/** What may be done with a workflow, and when. */
export const workflowActions: Action[] = [
  { name: 'Start', Icon: CirclePlay, mutation: StartWorkflowDocument, when: ['PENDING'] },
  { name: 'Pause', Icon: CirclePause, mutation: PauseWorkflowDocument, when: ['RUNNING'] },
  { name: 'Resume', Icon: CirclePlay, mutation: ResumeWorkflowDocument, when: ['PAUSED'] },
  { name: 'Retry failed', Icon: RotateCcw, mutation: RetryWorkflowDocument, when: ['FAILED', 'CANCELLED'] },
  {
    name: 'Cancel',
    Icon: Ban,
    mutation: CancelWorkflowDocument,
    when: ['PENDING', 'RUNNING', 'PAUSED'],
    ask: 'Its open tasks end at once, and what their agents still write is refused.',
  },
]

/** What may be done with a workflow now; nothing for those who may only look. */
export function WorkflowActions({ workflow }: { workflow: Pick<WorkflowPartsFragment, 'id' | 'name' | 'status'> }) {
  const client = useClient()
  const [asking, setAsking] = useState<Action | null>(null)
  const maySteer = useMaySteer()
  if (!maySteer) return null
  const run = async (action: Action) => {
    const { error } = await client.mutation(action.mutation, { id: workflow.id })
    if (error) complain(error)
  }
  return (
    <>
      {workflowActions
        .filter(({ when }) => when.includes(workflow.status))
        .map((action) => (
          <Button key={action.name} Icon={action.Icon} look={action.ask ? 'danger' : 'plain'} onClick={() => (action.ask ? setAsking(action) : run(action))}>
            {action.name}
          </Button>
        ))}
      {asking?.ask && <Confirm title={`${asking.name} “${workflow.name}”?`} text={asking.ask} action={asking.name} onYes={() => run(asking)} onClose={() => setAsking(null)} />}
    </>
  )
}
