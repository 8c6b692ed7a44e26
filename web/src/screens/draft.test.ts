import { CombinedError } from '@urql/core'
import { describe, expect, it } from 'vitest'
import { complaintsOf, emptyDraft, inputOf, withoutTask, withTask } from './draft'

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
    expect([...complaintsOf(new CombinedError({ networkError: new Error('Failed to fetch') }))]).toEqual([['', 'The server cannot be reached. Nothing was created.']])
  })
})
