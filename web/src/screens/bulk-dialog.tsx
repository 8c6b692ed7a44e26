import { useEffect, useRef, useState } from 'react'
import { Button, Problem } from '../ui/controls'
import { Modal } from '../ui/dialog'
import { Progress, StatusIcon } from '../ui/status'
import { type Bulk, merge, type Outcome } from './bulk'

/** What is to be done with many things: "Retry", "failed task", what to say before it, and how. */
export type BulkOrder = { verb: string; noun: string; text: string; bulk: Bulk }

type State = 'counting' | 'asking' | 'running' | 'done'

/** Says how many it would be, asks, and then shows how it goes with each. */
export default function BulkDialog({ verb, noun, text, bulk, onClose }: BulkOrder & { onClose: (done: boolean) => void }) {
  const [state, setState] = useState<State>('counting')
  const [count, setCount] = useState(0)
  const [outcomes, setOutcomes] = useState<Outcome[]>([])
  const [error, setError] = useState<Error>()
  const stopped = useRef(false)
  useEffect(() => {
    bulk.count().then((count) => {
      setCount(count)
      setState('asking')
    }, setError)
    return () => void (stopped.current = true)
  }, [])
  const run = async () => {
    setState('running')
    stopped.current = false
    try {
      for await (const round of bulk.rounds()) {
        setOutcomes((before) => merge(before, round))
        if (stopped.current) break
      }
    } catch (reason) {
      setError(reason instanceof Error ? reason : new Error(String(reason)))
    }
    setState('done')
  }
  const things = (number: number) => `${number.toLocaleString()} ${noun}${number === 1 ? '' : 's'}`
  const refused = outcomes.filter(({ problem }) => problem !== null).length
  const title = state === 'counting' ? 'Counting…' : `${verb} ${things(count)}`
  return (
    <Modal label={title} onClose={() => onClose(outcomes.length > 0)} className="m-auto w-full max-w-lg rounded-xl border p-5 shadow-2xl">
      <h2 className="font-semibold">{title}</h2>
      {state === 'asking' && <p className="mt-2 text-sm text-soft">{count === 0 ? 'None of them is in a state in which this can be done.' : text}</p>}
      {outcomes.length > 0 || state === 'running' ? (
        <div className="mt-4 space-y-3">
          <Progress value={Math.min(100, Math.round((100 * outcomes.length) / Math.max(count, 1)))} label={verb} tone={refused > 0 ? 'warn' : 'good'} />
          <p role="status" className="text-sm text-soft tabular-nums">
            {outcomes.length - refused} done{refused > 0 && `, ${refused} refused`} of {things(count)}
          </p>
          <ul tabIndex={0} aria-label="How it went" className="max-h-60 divide-y divide-line overflow-y-auto rounded-lg border border-line text-sm empty:hidden">
            {outcomes.slice(0, 200).map(({ id, name, problem }) => (
              <li key={id} className="flex items-start gap-2 px-3 py-1.5">
                <StatusIcon status={problem === null ? 'COMPLETED' : 'FAILED'} />
                <span className="min-w-0">
                  <span className="block truncate">{name}</span>
                  {problem !== null && <span className="block text-bad">{problem}</span>}
                </span>
              </li>
            ))}
          </ul>
        </div>
      ) : null}
      {error && (
        <div className="mt-4">
          <Problem error={error} />
        </div>
      )}
      <div className="mt-5 flex justify-end gap-2">
        {state === 'running' ? (
          <Button onClick={() => void (stopped.current = true)}>Stop</Button>
        ) : (
          <Button onClick={() => onClose(outcomes.length > 0)}>{state === 'done' ? 'Close' : 'Leave them'}</Button>
        )}
        {state === 'asking' && count > 0 && (
          <Button look="brand" onClick={run}>
            {verb} {things(count)}
          </Button>
        )}
      </div>
    </Modal>
  )
}
