import { describe, expect, it } from 'vitest'
import { arrivalOf } from './session'

describe('arrivalOf', () => {
  const stranger = { problem: 'This sign-in was not begun here. Sign in again.' }
  it.each([
    ['a link with an API key', 'key=wfk_1_x', { key: 'wfk_1_x' }],
    ['a key of the settings', 'key=wfd_admin_0123', { key: 'wfd_admin_0123' }],
    ['a session that was begun here', 'key=wfs_1_x&nonce=mine', { key: 'wfs_1_x' }],
    ['a session that somebody else began', 'key=wfs_1_x&nonce=theirs', stranger],
    ['a session that nobody began', 'key=wfs_1_x', stranger],
    ['what the provider complains of', 'error=it+did+not+sign+you+in', { problem: 'it did not sign you in' }],
    ['nothing', 'section', null],
  ])('%s', (_, fragment, arrival) => expect(arrivalOf(new URLSearchParams(fragment), (nonce) => nonce === 'mine')).toEqual(arrival))
})
