import { CombinedError } from '@urql/core'
import { describe, expect, it } from 'vitest'
import { draftLike, emptyDraft, inputOf, tied, untied, waitsFor, withoutTask, withTask } from './draft'
import { mentionable, mentionedIn, mentionIn } from './task-comments'
import { complaintsOf } from '../ui/complaints'

describe('a draft', () => {
  const row = () => withTask(withTask(emptyDraft()))

  it('grows as a row', () => {
    expect(row().tasks.map(({ id, after }) => [id, after])).toEqual([
      ['t1', []],
      ['t2', ['t1']],
      ['t3', ['t2']],
    ])
  })

  it('closes the gap where a task is taken out', () => {
    expect(withoutTask(row(), 't2').tasks.map(({ id, after }) => [id, after])).toEqual([
      ['t1', []],
      ['t3', ['t1']],
    ])
  })

  it('never gives a name twice', () => expect(withTask(withoutTask(row(), 't2')).tasks.map(({ id }) => id)).toEqual(['t1', 't3', 't4']))

  it('is what the API takes', () => {
    const draft = { ...emptyDraft(), name: ' Notes ', labels: 'a, b,,', tasks: [{ id: 't1', name: 'Collect ', capabilities: 'text, search', after: [] }] }
    expect(inputOf(draft, 'once')).toEqual({
      name: 'Notes',
      description: null,
      priority: 'MEDIUM',
      failurePolicy: 'FAIL_FAST',
      labels: ['a', 'b'],
      start: true,
      tasks: [{ key: 't1', name: 'Collect', dependsOn: [], requiredCapabilities: ['text', 'search'] }],
      idempotencyKey: 'once',
    })
  })
})

describe('complaintsOf', () => {
  it('finds the field at fault', () => {
    const error = new CombinedError({ graphQLErrors: [{ message: 'name must not be empty', extensions: { field: 'tasks.0.name' } }] })
    expect([...complaintsOf(error)]).toEqual([['tasks.0.name', 'name must not be empty']])
  })
  it('has words for silence', () => {
    expect([...complaintsOf(new CombinedError({ networkError: new Error('Failed to fetch') }))]).toEqual([['', 'The server cannot be reached. Nothing was changed.']])
  })
})

describe('ties', () => {
  const row = withTask(withTask(emptyDraft())) // t1 <- t2 <- t3
  const after = (id: string, draft = row) => draft.tasks.find((task) => task.id === id)!.after

  it.each([
    ['t3', 't1', true],
    ['t2', 't1', true],
    ['t1', 't3', false],
    ['t1', 't1', false],
  ])('%s waits for %s: %s', (id, other, waits) => expect(waitsFor(row.tasks, id, other)).toBe(waits))

  it('are made once, and never into a circle', () => {
    expect(after('t3', tied(row, 't1', 't3'))).toEqual(['t2', 't1'])
    expect(tied(tied(row, 't1', 't3'), 't1', 't3')).toEqual(tied(row, 't1', 't3'))
    expect(tied(row, 't3', 't1')).toBe(row)
    expect(tied(row, 't1', 't1')).toBe(row)
  })

  it('are taken away', () => expect(after('t3', untied(row, 't2', 't3'))).toEqual([]))
})

describe('draftLike', () => {
  it('keeps what the form does not show', () => {
    const task = (id: string, dependsOn: string[]) => ({
      id, version: 1, name: id, description: 'd', input: { rows: 3 }, priority: 'HIGH' as const, maxAttempts: 5, timeoutSeconds: null, requiredCapabilities: ['read', 'write'], dependsOn: dependsOn.map((id) => ({ id })),
    })
    const edges = [task('x', []), task('y', ['x'])].map((node) => ({ node }))
    const draft = draftLike({ id: 'w', version: 1, name: 'Report', description: null, priority: 'LOW', failurePolicy: 'CONTINUE', labels: ['a', 'b'], tasks: { edges } })
    expect(inputOf(draft, 'once')).toMatchObject({ name: 'Report, again', labels: ['a', 'b'], tasks: [{ key: 't1', input: { rows: 3 }, maxAttempts: 5 }, { key: 't2', dependsOn: ['t1'], requiredCapabilities: ['read', 'write'] }] })
  })
})

describe('mentions', () => {
  it.each([
    ['hello @Ana', 'Ana'],
    ['@', ''],
    ['hello', null],
    ['a@b', null],
    ['@Ana hello', null],
  ])('%j is typing %j', (text, word) => expect(mentionIn(text)).toBe(word))
  it('are those still called by name', () => {
    const picked = [{ id: '1', name: 'Ana' }, { id: '2', name: 'Bob' }, { id: '1', name: 'Ana' }]
    expect(mentionedIn('@Ana look', picked)).toEqual(['1'])
  })
})

describe('whom a comment may call on', () => {
  const person = (id: string, name: string) => ({ __typename: 'User' as const, id, name })
  const event = (actor: ReturnType<typeof person> | { __typename: 'Agent' | 'ApiKey' | 'System'; id: string; name: string }) => ({ node: { __typename: 'TaskEvent' as const, id: 'evt', actor } })
  const agents = { edges: [{ node: { id: 'agent_1', name: 'adder' } }] }
  const events = { edges: [event(person('user_1', 'Ada')), event({ __typename: 'ApiKey', id: 'key_1', name: 'admin' }), event(person('user_1', 'Ada'))] }

  it('people who acted, once each, before agents', () => expect(mentionable({ agents, events }, 'ad')).toEqual([{ id: 'user_1', name: 'Ada' }, { id: 'agent_1', name: 'adder' }]))

  it('and those with an account, for who may list them', () => {
    const node = (id: string, name: string, active = true) => ({ node: { id, name, version: 1, active } })
    const users = { edges: [node('user_1', 'Ada'), node('user_2', 'Adele'), node('user_3', 'Adam', false), node('user_4', 'Bob')] }
    expect(mentionable({ agents, events, users }, 'ad').map(({ name }) => name)).toEqual(['Ada', 'Adele', 'adder'])
  })
})
