import { describe, expect, it } from 'vitest'
import { loaded } from '../../build/budget'
import { valueOf } from './decision-form'
import { fateOf } from './inbox-fates'
import { nodeHeight, nodeWidth, tallAspect, planOf, type Shape, shapeOf } from './graph-layout'

const task = (id: string, ...dependsOn: string[]): Shape => ({ id, dependsOn: dependsOn.map((id) => ({ id })) })
const chain = (length: number) => Array.from({ length }, (_, n) => task(`t${n}`, ...(n > 0 ? [`t${n - 1}`] : [])))

describe('planOf', () => {
  it('places every task behind all that it waits for', () => {
    const tasks = [task('a'), task('b', 'a'), task('c', 'a'), task('d', 'b', 'c')]
    const { direction, places } = planOf(tasks)
    const along = direction === 'LR' ? 'x' : 'y'
    for (const { id, dependsOn } of tasks) for (const before of dependsOn) expect(places.get(before.id)![along]).toBeLessThan(places.get(id)![along])
  })

  const fan = (width: number) => [task('first'), ...Array.from({ length: width }, (_, n) => task(`f${n}`, 'first')), task('last', ...Array.from({ length: width }, (_, n) => `f${n}`))]

  it.each([
    ['a chain with branches', [...chain(6), task('x', 't0'), task('y', 't0'), task('z')]],
    ['a hundred that wait for one', fan(100)],
    ['thirty pairs', Array.from({ length: 30 }, (_, n) => [task(`a${n}`), task(`b${n}`, `a${n}`)]).flat()],
  ])('lets no two cards overlap: %s', (_, tasks) => {
    const { places } = planOf(tasks)
    const all = [...places.values()]
    const overlapping = all.flatMap((a, i) => all.slice(i + 1).filter((b) => Math.abs(a.x - b.x) < nodeWidth && Math.abs(a.y - b.y) < nodeHeight))
    expect(overlapping).toEqual([])
    expect(places.size).toBe(tasks.length)
  })

  it('shows very many beside each other, and what does not hang together, large enough to read', () => {
    const extent = (tasks: Shape[]) => {
      const all = [...planOf(tasks).places.values()]
      return [Math.max(...all.map(({ x }) => x)) + nodeWidth, Math.max(...all.map(({ y }) => y)) - Math.min(...all.map(({ y }) => y)) + nodeHeight]
    }
    const [width, height] = extent(fan(100))
    expect(width).toBeLessThan(4000)
    expect(height).toBeLessThan(2000)
    const [, single] = extent(Array.from({ length: 24 }, (_, n) => task(`s${n}`)))
    expect(single).toBeLessThan(1000)
  })

  it('keeps the order of tasks between a fan-out and what comes behind it', () => {
    const { direction, places } = planOf(fan(100))
    const along = direction === 'LR' ? 'x' : 'y'
    const middle = [...places].filter(([id]) => id.startsWith('f') && id !== 'first').map(([, place]) => place[along])
    expect(places.get('first')![along]).toBeLessThan(Math.min(...middle))
    expect(places.get('last')![along]).toBeGreaterThan(Math.max(...middle))
  })

  it('runs across or down, whichever is larger on the screen', () => {
    expect(planOf([task('a'), task('b', 'a'), task('c', 'a')]).direction).toBe('LR')
    expect(planOf(chain(12)).direction).toBe('TB')
    expect(planOf(chain(3), tallAspect).direction).toBe('TB')
  })

  it('leaves out what a task waits for outside of it', () => expect(planOf([task('a', 'elsewhere')]).places.size).toBe(1))
})

describe('shapeOf', () => {
  it('changes with the ties alone', () => {
    const before = [task('a'), task('b', 'a')]
    expect(shapeOf(before.map((task) => ({ ...task, progress: 50 })))).toBe(shapeOf(before))
    expect(shapeOf([task('a'), task('b')])).not.toBe(shapeOf(before))
  })
})

describe('a decision', () => {
  it.each([
    ['reject', '', '', null],
    ['reject', ' too early ', 'too early', null],
    ['modify', '{"count": 3}', { count: 3 }, null],
    ['modify', '{"count": ', undefined, 'This is not JSON yet.'],
    ['answer', '', '', 'An answer is needed.'],
    ['answer', 'friendly', 'friendly', null],
    ['answer', '{"choice":"b"}', { choice: 'b' }, null],
    ['answer', '42', 42, null],
  ] as const)('%s %j', (mode, text, value, problem) => expect(valueOf(mode, text)).toEqual({ value, problem }))
})

describe('loaded', () => {
  it('follows imports, once each', () => {
    const chunks = new Map([
      ['a', { imports: ['b', 'c'] }],
      ['b', { imports: ['c', 'a'] }],
      ['c', { imports: [] }],
      ['d', { imports: ['a'] }],
    ])
    expect([...loaded(['a'], chunks)]).toEqual(['a', 'b', 'c'])
  })
})

describe('fateOf', () => {
  it.each([
    ['PENDING', 'Ada', undefined],
    ['REJECTED', 'Ada', 'Decided elsewhere: Ada rejected it.'],
    ['ANSWERED', undefined, 'Decided elsewhere: answered.'],
    ['EXPIRED', undefined, 'Nobody decided in time.'],
    ['WITHDRAWN', undefined, 'It was withdrawn.'],
  ] as const)('%s by %s → %s', (status, by, words) => expect(fateOf(status, by)).toBe(words))
})
