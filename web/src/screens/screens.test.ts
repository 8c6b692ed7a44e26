import { describe, expect, it } from 'vitest'
import { loaded } from '../../build/budget'
import { valueOf } from './decision-form'
import { nodeHeight, nodeWidth, planOf, type Shape, shapeOf } from './graph-layout'

const task = (id: string, ...dependsOn: string[]): Shape => ({ id, dependsOn: dependsOn.map((id) => ({ id })) })
const chain = (length: number) => Array.from({ length }, (_, n) => task(`t${n}`, ...(n > 0 ? [`t${n - 1}`] : [])))

describe('planOf', () => {
  it('places every task behind all that it waits for', () => {
    const tasks = [task('a'), task('b', 'a'), task('c', 'a'), task('d', 'b', 'c')]
    const { direction, places } = planOf(tasks)
    const along = direction === 'LR' ? 'x' : 'y'
    for (const { id, dependsOn } of tasks) for (const before of dependsOn) expect(places.get(before.id)![along]).toBeLessThan(places.get(id)![along])
  })

  it('lets no two cards overlap', () => {
    const tasks = [...chain(6), task('x', 't0'), task('y', 't0'), task('z')]
    const all = [...planOf(tasks).places.values()]
    const overlapping = all.flatMap((a, i) => all.slice(i + 1).filter((b) => Math.abs(a.x - b.x) < nodeWidth && Math.abs(a.y - b.y) < nodeHeight))
    expect(overlapping).toEqual([])
  })

  it('runs across or down, whichever is larger on the screen', () => {
    const wide = Array.from({ length: 8 }, (_, n) => task(`t${n}`))
    expect(planOf(wide).direction).toBe('LR')
    expect(planOf(chain(12)).direction).toBe('TB')
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
