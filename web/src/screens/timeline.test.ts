import { describe, expect, it } from 'vitest'
import { extentOf, placeOf, ticksOf, waitOf } from './timeline-scale'

const at = (seconds: number) => new Date(seconds * 1000).toISOString()

describe('extentOf', () => {
  it('is nothing before anything began', () => expect(extentOf([], 0)).toBeNull())
  it('goes from the first beginning to the last end', () => {
    const attempts = [
      { claimedAt: at(10), finishedAt: at(20) },
      { claimedAt: at(5), finishedAt: at(15) },
    ]
    expect(extentOf(attempts, 99_000)).toEqual({ from: 5000, to: 20_000 })
  })
  it('lasts until now while something is held, and a second at least', () => {
    expect(extentOf([{ claimedAt: at(10), finishedAt: null }], 30_000)).toEqual({ from: 10_000, to: 30_000 })
    expect(extentOf([{ claimedAt: at(10), finishedAt: at(10) }], 30_000)).toEqual({ from: 10_000, to: 11_000 })
  })
})

describe('waitOf', () => {
  const suspended = { claimedAt: at(10), finishedAt: at(20) }
  const held = { claimedAt: at(30), finishedAt: null }
  it.each([
    ['waits since its last attempt', 'AWAITING_APPROVAL', [suspended], { claimedAt: at(20), finishedAt: null }],
    ['is held meanwhile', 'AWAITING_APPROVAL', [suspended, held], null],
    ['was never held', 'AWAITING_APPROVAL', [], null],
    ['goes on', 'IN_PROGRESS', [suspended], null],
  ])('%s', (_, status, attempts, wait) => expect(waitOf({ status, attempts })).toEqual(wait))
})

describe('placeOf', () => {
  const extent = { from: 0, to: 1000 }
  it('is in proportion', () => expect(placeOf({ from: 250, to: 750 }, extent)).toEqual({ left: 25, width: 50 }))
  it('can always be seen, inside', () => {
    const { left, width } = placeOf({ from: 1000, to: 1000 }, extent)
    expect(width).toBeGreaterThan(0)
    expect(left + width).toBeLessThanOrEqual(100)
  })
})

describe('ticksOf', () => {
  it.each([
    [10_000, [2000, 4000, 6000, 8000, 10_000]],
    [90_000, [30_000, 60_000, 90_000]],
    [1500, [1000]],
  ])('%d ms', (length, ticks) => expect(ticksOf({ from: 0, to: length })).toEqual(ticks))
})
