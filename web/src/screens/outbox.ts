import { Cell } from '../live/connection'
import type { Verdict } from '../gql'

/** A decision that a person has made. */
export type Ruling = {
  suggestion: { id: string; action: string; actionHash: string }
  verdict: Verdict
  note?: string
  /** What to approve instead of what was suggested. */
  data?: unknown
  answer?: unknown
}

export type Batch = { rulings: Ruling[]; dueAt: number; sent: boolean }

/** How long a decision can be taken back before it is sent. */
export const undoWindow = 5000

type Clock = { now: () => number; after: (milliseconds: number, run: () => void) => unknown }

const realClock: Clock = { now: () => Date.now(), after: (milliseconds, run) => setTimeout(run, milliseconds) }

/** Keeps decisions for a moment in which they can be taken back, then sends them; what was decided together goes together. */
export class Outbox {
  readonly batches = new Cell<Batch[]>([])
  readonly #send: (rulings: Ruling[]) => Promise<void>
  readonly #clock: Clock

  constructor(send: (rulings: Ruling[]) => Promise<void>, clock = realClock) {
    this.#send = send
    this.#clock = clock
  }

  decide(rulings: Ruling[]) {
    const batch: Batch = { rulings, dueAt: this.#clock.now() + undoWindow, sent: false }
    this.batches.set([...this.batches.get(), batch])
    this.#clock.after(undoWindow, () => void this.#deliver((one) => one.dueAt <= batch.dueAt))
  }

  /** Takes back what was decided last; answers null when all is sent. */
  undo(): Batch | null {
    const last = this.batches.get().findLast((batch) => !batch.sent)
    if (last) this.#remove(last)
    return last ?? null
  }

  /** Sends everything now; answers when that is done. */
  flush(): Promise<void> {
    return this.#deliver(() => true)
  }

  /** Forgets the decision on what was decided elsewhere, and tells whether there was one that had not been sent. */
  forget(id: string): boolean {
    const found = this.batches.get().some((batch) => !batch.sent && batch.rulings.some(({ suggestion }) => suggestion.id === id))
    if (!found) return false
    const without = this.batches.get().map((batch) => (batch.sent ? batch : { ...batch, rulings: batch.rulings.filter(({ suggestion }) => suggestion.id !== id) }))
    this.batches.set(without.filter(({ rulings }) => rulings.length > 0))
    return true
  }

  async #deliver(due: (batch: Batch) => boolean) {
    const leaving = this.batches.get().filter((batch) => !batch.sent && due(batch))
    if (leaving.length === 0) return
    const sent = { rulings: leaving.flatMap(({ rulings }) => rulings), dueAt: 0, sent: true }
    this.batches.set([...this.batches.get().filter((batch) => !leaving.includes(batch)), sent])
    await this.#send(sent.rulings).finally(() => this.#remove(sent))
  }

  #remove(batch: Batch) {
    this.batches.set(this.batches.get().filter((one) => one !== batch))
  }
}

/** The ids that some batches decide on. */
export function decidedIn(batches: Batch[]): Set<string> {
  return new Set(batches.flatMap(({ rulings }) => rulings.map(({ suggestion }) => suggestion.id)))
}

const words: Record<Verdict, string> = { APPROVE: 'Approved', REJECT: 'Rejected', ANSWER: 'Answered' }

/** "Approved: send_mail", "Rejected 3 suggestions". */
export function wordsFor(rulings: Ruling[]): string {
  const [first] = rulings
  if (!first) return ''
  const word = words[first.verdict]
  if (rulings.length > 1) return `${word} ${rulings.length} suggestions`
  return `${first.data === undefined ? word : 'Approved as changed'}: ${first.suggestion.action}`
}
