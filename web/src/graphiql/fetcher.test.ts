import { parse } from 'graphql'
import { describe, expect, it } from 'vitest'
import { authorizationOf, ownOperation } from './fetcher'

describe('ownOperation', () => {
  const two = 'query A { health { status } } query B { cursor }'
  it.each([
    ['keeps the name of one of several', two, 'B', 'B'],
    ['drops a name from another document', 'query A { cursor }', 'Gone', undefined],
    ['leaves no name alone', '{ cursor }', undefined, undefined],
  ])('%s', (_, query, operationName, wanted) => {
    const parameters = { query, ...(operationName && { operationName }) }
    expect(ownOperation(parameters, parse(query)).operationName).toBe(wanted)
  })
})

describe('authorizationOf', () => {
  it.each([
    [{ Authorization: 'Bearer a' }, 'Bearer a'],
    [{ authorization: 'Bearer a', other: 1 }, 'Bearer a'],
    [{ other: 'x' }, undefined],
    [undefined, undefined],
  ])('%j → %s', (headers, value) => expect(authorizationOf(headers)).toBe(value))
})
