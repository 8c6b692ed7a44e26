import { describe, expect, it } from 'vitest'
import { collapsed, groupsOf } from './graph-groups'
import type { Shape } from './graph-layout'

const task = (id: string, ...before: string[]): Shape => ({ id, dependsOn: before.map((id) => ({ id })) })

describe('groupsOf', () => {
  it('puts what is as far from the beginning together', () => {
    const tasks = [task('a'), task('b', 'a'), task('c', 'a'), task('d', 'b', 'a')]
    expect(groupsOf(tasks).map(({ name, ids }) => [name, ids])).toEqual([
      ['Step 1', ['a']],
      ['Step 2', ['b', 'c']],
      ['Step 3', ['d']],
    ])
  })

  it('makes a long chain short, and loses no task', () => {
    const chain = Array.from({ length: 500 }, (_, n) => task(`t${n}`, ...(n > 0 ? [`t${n - 1}`] : [])))
    const groups = groupsOf(chain)
    expect(groups.length).toBeLessThanOrEqual(25)
    expect(groups.flatMap(({ ids }) => ids)).toEqual(chain.map(({ id }) => id))
  })
})

describe('collapsed', () => {
  const tasks = [task('a'), task('b', 'a'), task('c', 'a'), task('d', 'b', 'c')]
  const groups = groupsOf(tasks)
  it('ties groups as their tasks are tied, once each', () =>
    expect(collapsed(tasks, groups, new Set())).toEqual([task('group-0'), task('group-1', 'group-0'), task('group-2', 'group-1')]))
  it('shows the tasks of an open one', () =>
    expect(collapsed(tasks, groups, new Set(['group-1']))).toEqual([task('group-0'), task('b', 'group-0'), task('c', 'group-0'), task('group-2', 'b', 'c')]))
})
