import { Ban, Check, CircleDashed, CirclePause, CirclePlay, Clock, Hand, LoaderCircle, type LucideIcon, MessageCircleQuestionMark, SkipForward, Undo2, X } from 'lucide-react'
import { memo } from 'react'
import type { AgentStatus, Priority, SuggestionKind, SuggestionStatus, TaskStatus, WorkflowStatus } from '../gql'

export type Status = WorkflowStatus | TaskStatus | SuggestionStatus | AgentStatus
export type Tone = 'good' | 'info' | 'warn' | 'bad' | 'ask' | 'soft'

type Look = { tone: Tone; Icon: LucideIcon; spin?: boolean }

// Never colour alone: each state has its own sign and is written out.
const looks: Record<Status, Look> = {
  PENDING: { tone: 'soft', Icon: CircleDashed },
  READY: { tone: 'info', Icon: CirclePlay },
  RUNNING: { tone: 'info', Icon: LoaderCircle, spin: true },
  IN_PROGRESS: { tone: 'info', Icon: LoaderCircle, spin: true },
  PAUSED: { tone: 'warn', Icon: CirclePause },
  AWAITING_APPROVAL: { tone: 'ask', Icon: Hand },
  COMPLETED: { tone: 'good', Icon: Check },
  FAILED: { tone: 'bad', Icon: X },
  CANCELLED: { tone: 'soft', Icon: Ban },
  SKIPPED: { tone: 'soft', Icon: SkipForward },
  APPROVED: { tone: 'good', Icon: Check },
  REJECTED: { tone: 'bad', Icon: X },
  ANSWERED: { tone: 'good', Icon: MessageCircleQuestionMark },
  EXPIRED: { tone: 'warn', Icon: Clock },
  WITHDRAWN: { tone: 'soft', Icon: Undo2 },
  IDLE: { tone: 'good', Icon: CircleDashed },
  ONLINE: { tone: 'info', Icon: CirclePlay },
  BUSY: { tone: 'info', Icon: LoaderCircle, spin: true },
  OFFLINE: { tone: 'soft', Icon: Ban },
}

export const toneText: Record<Tone, string> = { good: 'text-good', info: 'text-info', warn: 'text-warn', bad: 'text-bad', ask: 'text-ask', soft: 'text-faint' }
export const toneFill: Record<Tone, string> = { good: 'bg-good', info: 'bg-info', warn: 'bg-warn', bad: 'bg-bad', ask: 'bg-ask', soft: 'bg-faint' }
export const toneEdge: Record<Tone, string> = { good: 'border-good', info: 'border-info', warn: 'border-warn', bad: 'border-bad', ask: 'border-ask', soft: 'border-line' }

export function lookOf(status: Status): Look {
  return looks[status]
}

/** IN_PROGRESS → "In progress". */
export function wordsOf(name: string): string {
  const words = name.replaceAll('_', ' ').toLowerCase()
  return words.charAt(0).toUpperCase() + words.slice(1)
}

export const StatusIcon = memo(function StatusIcon({ status, size = 15 }: { status: Status; size?: number }) {
  const { tone, Icon, spin } = looks[status]
  return <Icon size={size} strokeWidth={2.25} aria-hidden className={`shrink-0 ${toneText[tone]} ${spin ? 'motion-safe:animate-[spin_3s_linear_infinite]' : ''}`} />
})

/** What a suggestion that waits asks for: an answer, a decision for which its task waits, or one that can wait too. */
export function AskIcon({ kind, blocking }: { kind: SuggestionKind; blocking: boolean }) {
  const Icon = kind === 'QUESTION' ? MessageCircleQuestionMark : blocking ? Hand : CircleDashed
  return <Icon size={15} strokeWidth={2.25} aria-hidden className="shrink-0 text-ask" />
}

export function StatusLabel({ status }: { status: Status }) {
  return (
    <span className={`inline-flex items-center gap-1.5 text-sm font-medium whitespace-nowrap ${toneText[looks[status].tone]}`}>
      <StatusIcon status={status} />
      {wordsOf(status)}
    </span>
  )
}

const priorityTone: Record<Priority, string> = { LOW: 'text-faint', MEDIUM: 'text-soft', HIGH: 'text-warn', URGENT: 'text-bad' }

export function PriorityLabel({ priority }: { priority: Priority }) {
  return <span className={`text-sm whitespace-nowrap ${priorityTone[priority]}`}>{wordsOf(priority)}</span>
}

/** How far something is, 0 to 100. What changes is painted in its place and moves nothing else, so that hundreds may change at once. */
export function Progress({ value, tone = 'info', label, className = 'h-1.5 w-full rounded-full' }: { value: number; tone?: Tone; label: string; className?: string }) {
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuenow={value}
      aria-valuemin={0}
      aria-valuemax={100}
      className={`bg-raised bg-[linear-gradient(currentColor,currentColor)] bg-no-repeat transition-[background-size] duration-500 ${toneText[tone]} ${className}`}
      style={{ backgroundSize: `${value}% 100%` }}
    />
  )
}
