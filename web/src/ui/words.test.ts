import { describe, expect, it } from 'vitest'
import { badgeOf } from './badge'
import { sentenceOf } from './controls'
import { counted } from './count'
import { changeWords, toneOf, verbOf } from './event'
import { wordsOf } from './status'
import { ago, lasting } from './time'

const second = 1000
const minute = 60 * second
const hour = 60 * minute

describe('ago', () => {
  it.each([
    [0, 'now'],
    [-1 * second, 'now'],
    [-45 * second, '45s ago'],
    [30 * second, 'in 30s'],
    [-90 * second, '1m ago'],
    [-5 * hour, '5h ago'],
    [-24 * hour, 'yesterday'],
  ])('%d ms → %s', (difference, text) => expect(ago(Date.UTC(2026, 0, 31) + difference, Date.UTC(2026, 0, 31))).toBe(text))
})

describe('lasting', () => {
  it.each([
    [0, '0s'],
    [3, '<0.1s'],
    [420, '0.4s'],
    [12 * second, '12s'],
    [200 * second, '3m 20s'],
    [65 * minute, '1h 5m'],
    [50 * hour, '2d 2h'],
  ])('%d ms → %s', (milliseconds, text) => expect(lasting(milliseconds)).toBe(text))
})

describe('the words of an event', () => {
  it.each([
    ['TASK_RETRY_SCHEDULED', 'retry scheduled', 'warn'],
    ['TASK_COMPLETED', 'completed', 'good'],
    ['TASK_LEASE_EXPIRED', 'lease expired', 'bad'],
    ['SUGGESTION_CREATED', 'created', 'ask'],
    ['SUGGESTION_APPROVED', 'approved', 'good'],
    ['SUGGESTION_REJECTED', 'rejected', 'bad'],
    ['WORKFLOW_CREATED', 'created', 'soft'],
    ['API_KEY_CREATED', 'created', 'soft'],
  ])('%s', (type, verb, tone) => expect([verbOf(type), toneOf(type)]).toEqual([verb, tone]))
})

describe('wordsOf', () => {
  it('reads like a word', () => expect(wordsOf('IN_PROGRESS')).toBe('In progress'))
})

describe('sentenceOf', () => {
  it.each([
    ['[GraphQL] this key is not known', 'This key is not known'],
    ['[Network] Failed to fetch', 'Failed to fetch'],
    ['plain', 'Plain'],
  ])('%s', (message, sentence) => expect(sentenceOf(new Error(message))).toBe(sentence))
})

describe('the badge', () => {
  it.each([
    [{ state: 'connecting' } as const, 'Connecting'],
    [{ state: 'live', caughtUp: null } as const, 'Live'],
    [{ state: 'live', caughtUp: 1 } as const, 'Resumed, 1 event caught up'],
    [{ state: 'live', caughtUp: 14 } as const, 'Resumed, 14 events caught up'],
    [{ state: 'waiting', since: 0, retryAt: 4200 } as const, 'Offline, retry in 5s'],
    [{ state: 'waiting', since: 0, retryAt: -1 } as const, 'Reconnecting'],
    [{ state: 'refused', problem: 'x' } as const, 'Refused'],
  ])('%j → %s', (connection, text) => expect(badgeOf(connection, 0).text).toBe(text))
})

describe('counted', () => {
  it.each([
    [0, '0 tasks'],
    [1, '1 task'],
    [1200, '1,200 tasks'],
  ])('%d → %s', (count, text) => expect(counted(count, 'task')).toBe(text))
})

describe('changeWords', () => {
  it.each([
    [{ field: 'progress', before: 40, after: 60 }, 'progress 40 → 60'],
    [{ field: 'status', before: 'READY', after: 'IN_PROGRESS' }, 'status READY → IN_PROGRESS'],
    [{ field: 'draining', before: null, after: true }, 'draining true'],
    [{ field: 'startedAt', before: null, after: '2026-01-31T12:00:00.000Z' }, 'startedAt'],
    [{ field: 'result', before: null, after: { found: 3 } }, 'result'],
    [{ field: 'dueAt', before: '2026-01-31T12:00:00.000Z', after: null }, 'dueAt'],
  ])('%o → %s', (change, text) => expect(changeWords(change)).toBe(text))
})
