import { useState } from 'react'
import { useClient } from 'urql'
import type { WorkflowFilter } from '../gql'
import { Button } from '../ui/controls'
import { workflowBulk } from './bulk'
import { askBulk } from './bulk-host'
import { type Action, workflowActions } from './workflow-actions'

type Props = { marked: ReadonlySet<string>; total: number; filter: WorkflowFilter; onDone: () => void }

/** What may be done with the marked workflows, or with all that the filter keeps. */
export function WorkflowsBulk({ marked, total, filter, onDone }: Props) {
  const client = useClient()
  const [all, setAll] = useState(false)
  const ask = ({ name, ask, when, mutation }: Action) =>
    askBulk({ verb: name, noun: 'workflow', text: ask ?? 'Those that are in another state by then are left as they are.', bulk: workflowBulk(client, all ? { filter } : { ids: [...marked] }, when, mutation), onDone })
  return (
    <div role="group" aria-label="With the selected" className="flex min-h-10 flex-1 flex-wrap items-center gap-1.5 py-1.5 text-sm">
      <span className="font-medium tabular-nums">{all ? `All ${total.toLocaleString()} matching` : `${marked.size} selected`}</span>
      {total > marked.size && (
        <button type="button" onClick={() => setAll(!all)} className="mr-2 text-brand hover:underline">
          {all ? `Only the ${marked.size} selected` : `Select all ${total.toLocaleString()} matching`}
        </button>
      )}
      {workflowActions.map((action) => (
        <Button key={action.name} Icon={action.Icon} onClick={() => ask(action)} className="py-1">
          {action.name}
        </Button>
      ))}
      <Button look="quiet" onClick={onDone} className="py-1">
        Select none
      </Button>
    </div>
  )
}
