import { MessageType } from 'graphql-ws'
import { describe, expect, it } from 'vitest'
import { cursorOf, Positions } from './positions'
import { backoff, closeCode, returnIn, socketURL } from './socket'

const next = (id: string, cursor: string) => ({ id, type: MessageType.Next, payload: { data: { events: { cursor } } } }) as const

describe('Positions', () => {
  it('resumes each operation behind the last event it saw', () => {
    const positions = new Positions()
    positions.note(next('1', 'a'))
    positions.note(next('2', 'b'))
    positions.note(next('1', 'c'))
    expect(positions.resume()).toEqual({ 1: 'c', 2: 'b' })
  })

  it('forgets what has ended, on either side', () => {
    const positions = new Positions()
    for (const id of ['1', '2', '3']) positions.note(next(id, id))
    positions.note({ id: '1', type: MessageType.Complete })
    positions.note({ id: '2', type: MessageType.Error, payload: [] })
    positions.forget('3')
    expect(positions.resume()).toEqual({})
  })

  it('leaves alone operations that do not select the cursor', () => {
    const positions = new Positions()
    positions.note({ id: '1', type: MessageType.Next, payload: { data: { events: { id: 'evt_1' } } } })
    expect(positions.resume()).toEqual({})
  })
})

describe('cursorOf', () => {
  it.each([
    [{ events: { cursor: 'c' } }, 'c'],
    [{ mine: { cursor: 'c' } }, 'c'],
    [{ events: { cursor: 7 } }, undefined],
    [{ events: null }, undefined],
    [null, undefined],
    [undefined, undefined],
  ])('%j → %s', (data, cursor) => expect(cursorOf(data)).toBe(cursor))
})

describe('socketURL', () => {
  it.each([
    ['http://127.0.0.1:8000/graphiql?query=x#y', 'ws://127.0.0.1:8000/graphql'],
    ['https://factory.example/', 'wss://factory.example/graphql'],
  ])('%s → %s', (page, socket) => expect(socketURL(page)).toBe(socket))
})

describe('backoff', () => {
  it('doubles, and stays at about ten seconds', () => {
    expect([0, 1, 2, 3, 10, 1000].map((attempt) => backoff(attempt, 0.5))).toEqual([500, 1000, 2000, 4000, 10_000, 10_000])
  })
  it('spreads by a fifth', () => {
    expect(backoff(1, 0)).toBeCloseTo(800)
    expect(backoff(1, 1)).toBeCloseTo(1200)
  })
})

describe('closeCode', () => {
  it.each([
    [{ code: 4403, reason: 'Forbidden' }, 4403],
    [{ code: 'ECONNREFUSED' }, undefined],
    [new Event('error'), undefined],
    [null, undefined],
  ])('%# → %s', (reason, code) => expect(closeCode(reason)).toBe(code))
})

describe('returnIn', () => {
  const close = (code: number, reason: string) => ({ code, reason })
  it.each([
    [close(1012, 'The server is going down: connect again in 3120 ms'), 3120],
    [close(1012, 'The server is going down: connect again in 0 ms'), 0],
    [close(1012, 'The server is going down: connect again in 99999999 ms'), undefined],
    [close(1012, ''), undefined],
    [close(1006, 'connect again in 3120 ms'), undefined],
    [null, undefined],
  ])('%j → %s', (reason, milliseconds) => expect(returnIn(reason)).toBe(milliseconds))
})
