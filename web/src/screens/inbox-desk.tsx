import { type ReactNode, useEffect, useState } from 'react'
import type { Verdict } from '../gql'
import { useMaySteer } from '../live/hooks'
import { useShortcuts } from '../ui/shortcuts'
import type { Mode } from './decision-form'
import type { Suggestion } from './inbox'
import { BatchBar } from './inbox-batch'
import { Case } from './inbox-case'
import { useFates } from './inbox-fates'
import { InboxList } from './inbox-list'
import { useOutbox } from './undo-bar'

type Marked = ReadonlyMap<string, Suggestion>

const nothing: Marked = new Map()
const byId = (suggestions: Suggestion[]): Marked => new Map(suggestions.map((one) => [one.id, one]))

/**
 * The list with the chosen one beside it, or `none`. The place in the list is kept when the chosen one leaves. It does so at
 * once when it is decided elsewhere; but with a form open it stays until the person leaves that, since what they go on typing
 * must not meet another suggestion.
 */
export function Desk({ waiting, none }: { waiting: Suggestion[]; none: ReactNode }) {
  const maySteer = useMaySteer()
  const outbox = useOutbox()
  const [chosen, setChosen] = useState<{ suggestion: Suggestion; place: number } | null>(null)
  const [open, setOpen] = useState(false) // on a phone, where one hides the other
  const [marked, setMarked] = useState(nothing)
  const [mode, setMode] = useState<Mode | null>(null) // of the open form: about the marked ones, or else about the chosen one
  const found = chosen ? waiting.findIndex(({ id }) => id === chosen.suggestion.id) : 0
  const place = found >= 0 ? found : Math.max(0, Math.min(chosen?.place ?? 0, waiting.length - 1))
  const suggestion = chosen && mode && found < 0 ? chosen.suggestion : waiting[place]
  const selected = mode ? [...marked.values()] : waiting.filter(({ id }) => marked.has(id))
  const about = mode === null ? [] : selected.length > 0 ? selected : suggestion ? [suggestion] : []
  const fates = useFates(about.map(({ id }) => id).filter((id) => !waiting.some((one) => one.id === id)))
  const write = (mode: Mode | null) => {
    if (mode) setMarked(byId(selected)) // those that left before are no part of it
    setMode(mode)
  }
  const choose = (index: number) => {
    const at = Math.max(0, Math.min(index, waiting.length - 1))
    setMode(null)
    setChosen({ suggestion: waiting[at]!, place: at })
  }
  const select = (next: Marked) => {
    if (selected.length === 0 || next.size === 0) setMode(null) // what it was about is another now
    setMarked(next)
  }
  const without = ({ id }: Suggestion): Marked => byId([...marked.values()].filter((one) => one.id !== id))
  const mark = (one: Suggestion) => select(marked.has(one.id) ? without(one) : new Map(marked).set(one.id, one))
  const push = (one: Suggestion, verdict: Verdict) => {
    outbox.decide([{ suggestion: one, verdict }])
    if (about.every(({ id }) => id === one.id)) setMode(null)
    setMarked(without(one))
  }
  useEffect(() => {
    setChosen(suggestion ? { suggestion, place } : null)
    if (!suggestion) setOpen(false)
  }, [suggestion, place])
  const keys = {
    j: () => choose(place + 1),
    k: () => choose(place - 1),
    ArrowDown: () => choose(place + 1),
    ArrowUp: () => choose(place - 1),
    ...(maySteer && suggestion && { x: () => mark(suggestion), X: () => select(byId(waiting)) }),
    ...(selected.length > 0 && { Escape: () => select(nothing) }),
  }
  useShortcuts(mode ? { Escape: () => write(null) } : waiting.length > 0 ? keys : {})
  if (!suggestion) return none
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-4 lg:grid-cols-[22rem_minmax(0,1fr)]">
      <div className={open ? 'hidden lg:block' : ''}>
        {waiting.length === 0 ? (
          none
        ) : (
          <InboxList
            waiting={waiting}
            place={waiting.indexOf(suggestion)}
            marked={marked}
            maySteer={maySteer}
            onMark={mark}
            onPush={push}
            onChoose={(index) => {
              choose(index)
              setOpen(true)
            }}
          />
        )}
      </div>
      <div className={open || selected.length > 0 ? '' : 'hidden lg:block'}>
        {selected.length > 0 ? (
          <BatchBar selected={selected} fates={fates} rejecting={mode !== null} onReject={(rejecting) => write(rejecting ? 'reject' : null)} onClear={() => select(nothing)} />
        ) : (
          <Case key={suggestion.id} suggestion={suggestion} mode={mode} fate={fates.get(suggestion.id)} onWrite={write} onBack={() => setOpen(false)} />
        )}
      </div>
    </div>
  )
}
