import { readFileSync } from 'node:fs'
import { buildSchema, parse, validate } from 'graphql'
import { describe, expect, it } from 'vitest'
import { examples, linkedOperation } from './tabs'

const schema = buildSchema(readFileSync(new URL('../../../schema.graphqls', import.meta.url), 'utf8'))

describe('examples', () => {
  it('are found', () => expect(examples.length).toBeGreaterThan(4))
  it.each(examples)('are valid: %j', ({ query }) => expect(validate(schema, parse(query))).toEqual([]))
})

describe('linkedOperation', () => {
  it.each([
    ['', null],
    ['?query=', null],
    ['?query=%7B%20health%20%7D', { query: '{ health }', variables: null }],
    ['?query=q&variables=%7B%7D', { query: 'q', variables: '{}' }],
  ])('%s', (search, operation) => expect(linkedOperation(search)).toEqual(operation))
})
