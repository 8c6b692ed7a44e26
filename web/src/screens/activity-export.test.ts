import { describe, expect, it } from 'vitest'
import { csvOf, linesOf } from './activity-export'

type Event = Parameters<typeof csvOf>[0][number]

const event = (name: string): Event => ({
  __typename: 'WorkflowEvent',
  id: 'evt_1',
  cursor: 'c',
  at: '2026-01-31T09:30:00.000Z',
  type: 'WORKFLOW_UPDATED',
  requestId: null,
  actor: { id: 'key_1', name: 'admin' },
  changes: [{ field: 'name', before: 'a', after: name }],
  workflowId: 'wf_1',
  workflow: { id: 'wf_1', name },
})

describe('csvOf', () => {
  it.each([
    ['plain', 'plain'],
    ['with, comma', '"with, comma"'],
    ['say "hi"', '"say ""hi"""'],
    ['=1+1', "'=1+1"],
    ['@x', "'@x"],
  ])('%s', (name, cell) => expect(csvOf([event(name)]).split('\r\n')[1]).toContain(`,admin,${cell},`))
})

describe('linesOf', () => {
  it('writes a line for each', () => expect(linesOf([event('a'), event('b')]).trim().split('\n').map((line) => JSON.parse(line).workflow.name)).toEqual(['a', 'b']))
})
