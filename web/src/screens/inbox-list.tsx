import { Check, X } from 'lucide-react'
import { useEffect, useRef } from 'react'
import type { Verdict } from '../gql'
import { useSwipe } from '../ui/swipe'
import { AskIcon, PriorityLabel } from '../ui/status'
import { Ago } from '../ui/time'
import type { Suggestion } from './inbox'

type ListProps = { waiting: Suggestion[]; place: number; marked: ReadonlyMap<string, unknown>; maySteer: boolean; onMark: (suggestion: Suggestion) => void; onPush: (suggestion: Suggestion, verdict: Verdict) => void; onChoose: (index: number) => void }

export function InboxList({ waiting, place, marked, maySteer, onMark, onPush, onChoose }: ListProps) {
  return (
    <ul className="divide-y divide-line overflow-hidden rounded-xl border border-line bg-surface lg:max-h-[calc(100dvh-12rem)] lg:overflow-y-auto">
      {waiting.map((one, index) => (
        <Item key={one.id} suggestion={one} chosen={index === place} marked={marked.has(one.id)} maySteer={maySteer} onMark={() => onMark(one)} onPush={(verdict) => onPush(one, verdict)} onChoose={() => onChoose(index)} />
      ))}
    </ul>
  )
}

type ItemProps = { suggestion: Suggestion; chosen: boolean; marked: boolean; maySteer: boolean; onMark: () => void; onPush: (verdict: Verdict) => void; onChoose: () => void }

/** On a touch screen, pushed to the right it is approved, to the left rejected. */
function Item({ suggestion, chosen, marked, maySteer, onMark, onPush, onChoose }: ItemProps) {
  const button = useRef<HTMLButtonElement>(null)
  const canSwipe = maySteer && suggestion.kind === 'ACTION'
  const { shift, handlers } = useSwipe((side) => onPush(side === 'right' ? 'APPROVE' : 'REJECT'), canSwipe)
  useEffect(() => {
    if (chosen) button.current?.scrollIntoView({ block: 'nearest' })
  }, [chosen])
  return (
    <li className="relative overflow-hidden [content-visibility:auto] [contain-intrinsic-size:auto_4rem]">
      {shift !== 0 && (
        <span aria-hidden className={`absolute inset-0 flex items-center px-5 text-surface ${shift > 0 ? 'bg-good' : 'justify-end bg-bad'}`}>
          {shift > 0 ? <Check size={20} /> : <X size={20} />}
        </span>
      )}
      <div {...handlers} data-chosen={chosen || undefined} className="relative flex touch-pan-y items-start bg-surface data-chosen:bg-raised" style={{ transform: shift === 0 ? undefined : `translateX(${shift}px)` }}>
        {maySteer && <input type="checkbox" aria-label={`Select ${suggestion.action}`} checked={marked} onChange={onMark} className="mt-4 ml-4 size-4 shrink-0 accent-brand" />}
        <button ref={button} type="button" aria-current={chosen} onClick={onChoose} className="block min-w-0 flex-1 px-3 py-3 pr-4 text-left text-sm">
          <span className="flex items-center gap-2">
            <AskIcon {...suggestion} />
            <span className="min-w-0 flex-1 truncate font-medium">{suggestion.action}</span>
            <Ago at={suggestion.createdAt} className="text-xs text-faint" />
          </span>
          <span className="mt-0.5 flex gap-2 pl-[1.4375rem] text-soft">
            <span className="min-w-0 flex-1 truncate">
              {suggestion.agent.name} · {suggestion.task.name}
            </span>
            {(suggestion.task.priority === 'HIGH' || suggestion.task.priority === 'URGENT') && <PriorityLabel priority={suggestion.task.priority} />}
          </span>
        </button>
      </div>
    </li>
  )
}
