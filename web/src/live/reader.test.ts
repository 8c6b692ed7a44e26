import { createClient, fetchExchange, gql } from '@urql/core'
import { describe, expect, it, vi } from 'vitest'
import { createCache } from './cache'
import { Reader } from './reader'

const query = gql<{ count: number }, Record<string, never>>('{ count }')

/** A client whose server answers when it is told to, and what of it is shown. */
function setUp() {
  const reader = new Reader()
  const asked: ((count: number) => void)[] = []
  const answer = (count: number) => new Response(JSON.stringify({ data: { count } }), { headers: { 'content-type': 'application/json' } })
  const fetch = () => new Promise<Response>((resolve) => asked.push((count) => resolve(answer(count))))
  const client = createClient({ url: 'http://server/graphql', preferGetMethod: false, exchanges: [createCache(), reader.exchange, fetchExchange], fetch })
  const shown: number[] = []
  const show = () => client.query(query, {}, { requestPolicy: 'cache-and-network' }).subscribe(({ data, stale }) => void (data && !stale && shown.push(data.count)))
  /** Answers the nth question with n, once it was asked. */
  const answered = async (n: number) => {
    await vi.waitFor(() => expect(asked).toHaveLength(n))
    asked[n - 1]!(n)
    await vi.waitFor(() => expect(shown.at(-1)).toBe(n))
  }
  return { shown, show, answered, read: () => reader.read(client, query, {}), asked }
}

describe('Reader', () => {
  it('asks once more behind an answer that is under way, however often it was wanted', async () => {
    const { asked, shown, show, read, answered } = setUp()
    show()
    read()
    read()
    await answered(1)
    await answered(2)
    read()
    await answered(3)
    expect(asked).toHaveLength(3)
    expect(shown).toEqual([1, 2, 3])
  })

  it('asks no more for what nobody shows any more', async () => {
    const { asked, shown, show, read, answered } = setUp()
    const { unsubscribe } = show()
    await vi.waitFor(() => expect(asked).toHaveLength(1))
    read()
    unsubscribe()
    show()
    await answered(2)
    read()
    await answered(3)
    expect(asked).toHaveLength(3)
    expect(shown).toEqual([2, 3])
  })
})
