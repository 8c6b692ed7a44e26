import { useEffect, useSyncExternalStore } from 'react'
import { type Client, useClient } from 'urql'
import { DecideSuggestionsDocument } from '../gql'
import { useEvents, useNow } from '../live/hooks'
import { requestOptions } from '../session'
import { Button, Key } from '../ui/controls'
import { useShortcuts } from '../ui/shortcuts'
import { complain, toast } from '../ui/toast'
import { Outbox, type Ruling, wordsFor } from './outbox'

const outboxes = new WeakMap<Client, Outbox>()

/** The decisions of this session that are not sent yet: they outlive the screen on which they were made. */
export function useOutbox(): Outbox {
  return outboxOf(useClient())
}

export function outboxOf(client: Client): Outbox {
  const outbox = outboxes.get(client) ?? new Outbox((rulings) => send(client, rulings))
  outboxes.set(client, outbox)
  return outbox
}

async function send(client: Client, rulings: Ruling[]) {
  const decisions = rulings.map(({ suggestion: { id, actionHash }, ...decision }) => ({ id, ...decision, ...(decision.verdict === 'APPROVE' && { actionHash }) }))
  // Kept alive, since it may be sent while the page is being left; browsers do so for 64 kB at most.
  const keepalive = JSON.stringify(decisions).length < 60_000
  const { data, error } = await client.mutation(DecideSuggestionsDocument, { input: { decisions } }, { fetchOptions: { ...requestOptions(), keepalive } })
  if (error) return complain(error)
  for (const { id, error } of data?.decideSuggestions?.outcomes ?? []) {
    const action = rulings.find(({ suggestion }) => suggestion.id === id)?.suggestion.action
    if (error) toast(`${action}: ${error.message}`, { bad: true })
  }
}

/** Says what was decided and lets it be taken back, on every screen, until it is sent. */
export function UndoBar() {
  const outbox = useOutbox()
  const batches = useSyncExternalStore(outbox.batches.subscribe, outbox.batches.get)
  const last = batches.findLast((batch) => !batch.sent)
  const waiting = batches.filter((batch) => !batch.sent).length
  useShortcuts(last ? { z: () => outbox.undo() } : {})
  useEvents((events) => {
    for (const event of events) {
      const suggestion = event.__typename === 'SuggestionEvent' ? event.suggestion : null
      if (suggestion && suggestion.status !== 'PENDING' && outbox.forget(suggestion.id)) toast(`Decided elsewhere: ${suggestion.action}`)
    }
  })
  useEffect(() => {
    const leave = () => void outbox.flush()
    addEventListener('pagehide', leave)
    return () => removeEventListener('pagehide', leave)
  }, [outbox])
  return (
    <div role="log" aria-label="Decisions" aria-live="polite" className="pointer-events-none fixed inset-x-4 bottom-20 z-40 flex justify-center md:bottom-6">
      {last && (
        <div className="pointer-events-auto flex max-w-xl min-w-0 items-center gap-3 rounded-xl border border-line bg-surface py-2 pr-2 pl-4 text-sm shadow-lg">
          <span className="min-w-0 truncate">{wordsFor(last.rulings)}</span>
          {waiting > 1 && <span className="shrink-0 text-xs text-soft">and {waiting - 1} before</span>}
          <Countdown to={last.dueAt} />
          <Button onClick={() => outbox.undo()}>
            Undo <Key>Z</Key>
          </Button>
        </div>
      )}
    </div>
  )
}

function Countdown({ to }: { to: number }) {
  const seconds = Math.max(0, Math.ceil((to - useNow(250)) / 1000))
  return (
    <span aria-hidden className="w-4 shrink-0 text-right text-xs text-faint tabular-nums">
      {seconds}
    </span>
  )
}
