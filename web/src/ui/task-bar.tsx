import type { WorkflowPartsFragment } from '../gql'
import { type Tone, toneFill } from './status'

export type BarCounts = Pick<WorkflowPartsFragment['taskCounts'], 'total' | 'completed' | 'skipped' | 'inProgress' | 'awaitingApproval' | 'failed'>

const pieces: { name: string; tone: Tone; count: (counts: BarCounts) => number }[] = [
  { name: 'done', tone: 'good', count: (counts) => counts.completed + counts.skipped },
  { name: 'in progress', tone: 'info', count: (counts) => counts.inProgress },
  { name: 'waiting for a decision', tone: 'ask', count: (counts) => counts.awaitingApproval },
  { name: 'failed', tone: 'bad', count: (counts) => counts.failed },
]

/** The tasks of a workflow as one bar: done, moving, waiting for people, failed; what is left is empty. */
export function TaskBar({ counts }: { counts: BarCounts }) {
  const there = pieces.filter(({ count }) => count(counts) > 0)
  const words = there.map(({ name, count }) => `${count(counts)} ${name}`)
  const text = [...words, `${counts.total} in all`].join(', ')
  return (
    <div role="img" aria-label={`Tasks: ${text}`} title={text} className="flex h-1.5 w-full gap-px overflow-hidden rounded-full bg-raised">
      {there.map(({ name, tone, count }) => (
        <div key={name} className={`h-full transition-[width] duration-500 ${toneFill[tone]}`} style={{ width: `${(100 * count(counts)) / counts.total}%` }} />
      ))}
    </div>
  )
}
