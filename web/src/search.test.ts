import { describe, expect, it } from 'vitest'
import { variablesOf } from './screens/workflows'
import { groupOf, searches } from './search'

describe('an address', () => {
  it('keeps what is understood', () => {
    const search = { name: 'release', status: ['RUNNING', 'PAUSED'], order: 'NAME', ascending: true, after: 'c' }
    expect(searches.workflows(search)).toEqual({ ...search, status: ['RUNNING', 'PAUSED'], before: undefined })
  })

  it('leaves out what is not', () => {
    const wrong = { name: 7, status: ['NONSENSE', 3], order: 'PASSWORD', ascending: 'yes', after: '' }
    expect(Object.values(searches.workflows(wrong)).filter((value) => value !== undefined)).toEqual([])
    expect(searches.workflow({ view: 'secret' }).view).toBeUndefined()
    expect(searches.activity({ about: 'TASK; DROP' }).about).toBeUndefined()
    expect(searches.everywhere({ task: ['a'] }).task).toBeUndefined()
  })
})

describe('the query of an address', () => {
  it('is the newest page without one', () => {
    expect(variablesOf({})).toEqual({ filter: {}, orderBy: { field: 'CREATED_AT', direction: 'DESC' }, first: 100 })
  })

  it('filters, orders and pages', () => {
    expect(variablesOf({ name: 'x', status: ['FAILED'], order: 'NAME', ascending: true, before: 'c' })).toEqual({
      filter: { name: { containsIgnoreCase: 'x' }, status: { in: ['FAILED'] } },
      orderBy: { field: 'NAME', direction: 'ASC' },
      last: 100,
      before: 'c',
    })
  })
})

describe('groupOf', () => {
  it.each([
    ['TASK_CLAIMED', 'TASK'],
    ['WORKFLOW_CREATED', 'WORKFLOW'],
    ['API_KEY_CREATED', 'ACCESS'],
    ['USER_CREATED', 'ACCESS'],
  ] as const)('%s → %s', (type, group) => expect(groupOf(type as Parameters<typeof groupOf>[0])).toBe(group))
})
