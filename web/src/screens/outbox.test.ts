import { describe, expect, it } from 'vitest'
import { decidedIn, Outbox, type Ruling, undoWindow, wordsFor } from './outbox'

const ruling = (id: string): Ruling => ({ suggestion: { id, action: `do ${id}`, actionHash: 'h' }, verdict: 'APPROVE' })

/** An outbox with a clock that the test moves, whose answers come when the test says so. */
function setup() {
  let now = 0
  const timers: { at: number; run: () => void }[] = []
  const sent: string[][] = []
  const answers: (() => void)[] = []
  const outbox = new Outbox(
    (rulings) => {
      sent.push(rulings.map(({ suggestion }) => suggestion.id))
      return new Promise((resolve) => answers.push(resolve))
    },
    { now: () => now, after: (milliseconds, run) => timers.push({ at: now + milliseconds, run }) },
  )
  const pass = (milliseconds: number) => {
    now += milliseconds
    for (const timer of timers.splice(0)) {
      if (timer.at <= now) timer.run()
      else timers.push(timer)
    }
  }
  return { outbox, sent, pass, answer: () => answers.splice(0).forEach((resolve) => resolve()) }
}

describe('Outbox', () => {
  it('sends each decision once its window has passed', () => {
    const { outbox, sent, pass } = setup()
    outbox.decide([ruling('a')])
    pass(undoWindow - 1)
    outbox.decide([ruling('b'), ruling('c')])
    expect(sent).toEqual([])
    pass(1)
    expect(sent).toEqual([['a']])
    pass(undoWindow)
    expect(sent).toEqual([['a'], ['b', 'c']])
  })

  it('takes back the last one, then the one before, and never what is sent', () => {
    const { outbox, sent, pass } = setup()
    outbox.decide([ruling('a')])
    outbox.decide([ruling('b')])
    expect(outbox.undo()?.rulings).toEqual([ruling('b')])
    expect(outbox.undo()?.rulings).toEqual([ruling('a')])
    expect(outbox.undo()).toBeNull()
    outbox.decide([ruling('c')])
    pass(undoWindow)
    expect(outbox.undo()).toBeNull()
    expect(sent).toEqual([['c']])
  })

  it('hides what is decided until the server has answered', async () => {
    const { outbox, answer } = setup()
    outbox.decide([ruling('a')])
    outbox.flush()
    expect([...decidedIn(outbox.batches.get())]).toEqual(['a'])
    answer()
    await expect.poll(() => outbox.batches.get()).toEqual([])
  })

  it('does not send what was decided elsewhere', () => {
    const { outbox, sent } = setup()
    outbox.decide([ruling('a'), ruling('b')])
    expect(outbox.forget('a')).toBe(true)
    expect(outbox.forget('z')).toBe(false)
    outbox.flush()
    expect(sent).toEqual([['b']])
  })
})

describe('wordsFor', () => {
  it.each([
    [[ruling('a')], 'Approved: do a'],
    [[{ ...ruling('a'), data: {} }], 'Approved as changed: do a'],
    [[ruling('a'), ruling('b')], 'Approved 2 suggestions'],
    [[], ''],
  ])('%j', (rulings, words) => expect(wordsFor(rulings)).toBe(words))
})
