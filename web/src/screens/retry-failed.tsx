import { useClient } from 'urql'
import { Button } from '../ui/controls'
import { askBulk } from './bulk-host'
import { taskBulk } from './bulk'

const failed = { status: { eq: 'FAILED' as const } }

/** Does every failed task again, after saying how many that are. */
export default function RetryFailed() {
  const client = useClient()
  const ask = () => askBulk({ verb: 'Retry', noun: 'failed task', text: 'Each begins again with all its attempts before it; workflows that had ended go on.', bulk: taskBulk(client, 'retry', failed) })
  return (
    <Button look="quiet" onClick={ask} className="py-0.5">
      Retry all
    </Button>
  )
}
