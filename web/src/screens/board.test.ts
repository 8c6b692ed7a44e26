import { describe, expect, it } from 'vitest'
import type { TaskStatus } from '../gql'
import { type BoardTask, columns, moveOf, step } from './board-rules'

const task = (status: TaskStatus, part: Partial<BoardTask> = {}): BoardTask => ({ id: 't', name: 't', status, requiredCapabilities: [], assignee: null, ...part })
const agent = { id: 'a', name: 'a', capabilities: ['read'] }

describe('moveOf', () => {
  const legal: Record<TaskStatus, [TaskStatus, string][]> = {
    PENDING: [['CANCELLED', 'cancel'], ['SKIPPED', 'skip']],
    READY: [['CANCELLED', 'cancel'], ['SKIPPED', 'skip']],
    IN_PROGRESS: [['CANCELLED', 'cancel'], ['SKIPPED', 'skip']],
    AWAITING_APPROVAL: [['CANCELLED', 'cancel'], ['SKIPPED', 'skip']],
    COMPLETED: [],
    FAILED: [['PENDING', 'retry'], ['READY', 'retry']],
    CANCELLED: [['PENDING', 'retry'], ['READY', 'retry']],
    SKIPPED: [['PENDING', 'retry'], ['READY', 'retry']],
  }
  it.each(columns)('from %s', (status) => {
    const moves = columns.flatMap((next) => {
      const move = moveOf(task(status), { status: next })
      return move ? [[next, move.kind]] : []
    })
    expect(moves).toEqual(legal[status])
  })

  it.each([
    ['an open task for an agent', task('READY'), agent, { kind: 'assign', agentId: 'a' }],
    ['for the one that has it', task('READY', { assignee: agent }), agent, null],
    ['for one that lacks what it needs', task('READY', { requiredCapabilities: ['write'] }), agent, null],
    ['for anyone again', task('READY', { assignee: agent }), null, { kind: 'unassign' }],
    ['for anyone, as it is already', task('READY'), null, null],
    ['what has ended', task('FAILED'), agent, null],
  ] as const)('reserves %s', (_, task, agent, move) => expect(moveOf(task, { agent })).toEqual(move))
})

describe('step', () => {
  it.each([
    [undefined, 1, 'a'],
    [undefined, -1, 'c'],
    ['a', 1, 'b'],
    ['c', 1, 'a'],
    ['a', -1, 'c'],
    ['elsewhere', 1, 'a'],
  ] as const)('from %s by %d to %s', (from, by, to) => expect(step(['a', 'b', 'c'], from, by)).toBe(to))
  it('goes nowhere when there is nowhere to go', () => expect(step([], undefined, 1)).toBeUndefined())
})
