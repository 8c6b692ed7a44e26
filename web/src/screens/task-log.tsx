import { stringifyDocument } from '@urql/core'
import { useEffect, useRef, useState } from 'react'
import { useClient } from 'urql'
import { type LogLevel, type LogLineFragment, TaskLogDocument, TaskLogTailDocument, type TaskLogTailSubscription } from '../gql'
import { useSession } from '../live/hooks'
import { Problem } from '../ui/controls'
import { Json } from '../ui/json'
import { toneText, type Tone } from '../ui/status'

/** How many lines are read at first, and how many are kept. */
const readAtFirst = 100
const kept = 1000

const tones: Record<LogLevel, Tone> = { DEBUG: 'soft', INFO: 'info', WARN: 'warn', ERROR: 'bad' }
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' })
const tail = stringifyDocument(TaskLogTailDocument)

type Log = { lines: LogLineFragment[]; earlier: number }

/** The last lines of a task's log, and then each as it is written. */
function useLog(taskId: string): { log: Log | undefined; error: Error | undefined } {
  const client = useClient()
  const { watch } = useSession()
  const [log, setLog] = useState<Log>()
  const [error, setError] = useState<Error>()
  useEffect(() => {
    let stop = () => {}
    let gone = false
    let waiting: LogLineFragment[] = []
    const show = () => {
      const lines = waiting
      waiting = []
      setLog((log) => log && { ...log, lines: [...log.lines, ...lines].slice(-kept) })
    }
    const push = ({ taskLog }: TaskLogTailSubscription) => {
      if (waiting.push(taskLog.node) === 1) requestAnimationFrame(show)
    }
    void client.query(TaskLogDocument, { id: taskId, last: readAtFirst }, { requestPolicy: 'network-only' }).then(({ data, error }) => {
      if (gone) return
      if (error) return setError(error)
      const logs = data?.task?.logs
      if (!logs) return
      setLog({ lines: logs.edges.map((edge) => edge.node), earlier: logs.totalCount - logs.edges.length })
      stop = watch<TaskLogTailSubscription>(tail, { taskId, after: logs.pageInfo.endCursor }, push)
    })
    return () => {
      gone = true
      stop()
    }
  }, [client, watch, taskId])
  return { log, error }
}

/** Follows the log of a task; stays at its end until somebody scrolls away from it. */
export function TaskLog({ taskId }: { taskId: string }) {
  const { log, error } = useLog(taskId)
  const place = useRef<HTMLDivElement>(null)
  const atEnd = useRef(true)
  useEffect(() => {
    const element = place.current
    if (element && atEnd.current) element.scrollTop = element.scrollHeight
  }, [log])
  if (error) return <Problem error={error} />
  if (!log || log.lines.length === 0) return null
  return (
    <section>
      <h3 className="mb-2 text-sm font-semibold">Log</h3>
      <div
        ref={place}
        role="log"
        aria-label="Log"
        tabIndex={0}
        onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => void (atEnd.current = scrollHeight - scrollTop - clientHeight < 24)}
        className="max-h-72 overflow-y-auto rounded-lg bg-raised/60 p-3 font-mono text-xs leading-5"
      >
        {log.earlier > 0 && <p className="text-faint">{log.earlier.toLocaleString()} lines before these</p>}
        {log.lines.map((line) => (
          <div key={line.number} className="[content-visibility:auto] [contain-intrinsic-size:auto_1.25rem]">
            <p className="flex gap-2">
              <time dateTime={line.at} className="shrink-0 text-faint tabular-nums">
                {clock.format(new Date(line.at))}
              </time>
              <span className={`w-10 shrink-0 ${toneText[tones[line.level]]}`}>{line.level}</span>
              <span className="min-w-0 break-words whitespace-pre-wrap">{line.message}</span>
            </p>
            {line.fields !== null && line.fields !== undefined && (
              <div className="ml-12">
                <Json value={line.fields} />
              </div>
            )}
          </div>
        ))}
      </div>
    </section>
  )
}
