import { describe, expect, it } from 'vitest'
import { fateOf } from './session'

describe('fateOf', () => {
  const error = (code: string, extensions = {}) => [{ message: 'said', extensions: { code, ...extensions } }]
  it.each([
    ['goes on where a slow consumer stopped', error('SLOW_CONSUMER', { resumeAfter: 'c7' }), { resumeAfter: 'c7' }],
    ['reads all anew after an expired cursor', error('CURSOR_EXPIRED', { reason: 'RETENTION', cursor: 'c9' }), { lost: true }],
    ['reads all anew when nobody says where to go on', error('SLOW_CONSUMER'), { lost: true }],
    ['tells what the server says', error('FORBIDDEN'), { problem: 'said' }],
    ['tells why the socket was closed', { code: 4403, reason: 'Forbidden' }, { problem: 'Forbidden' }],
    ['has words for silence', undefined, { problem: 'The server refused the connection.' }],
  ])('%s', (_, reason, fate) => expect(fateOf(reason)).toEqual(fate))
})
