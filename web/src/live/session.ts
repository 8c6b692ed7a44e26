import { type AnyVariables, type Client, createClient, fetchExchange, formatDocument, mapExchange, stringifyDocument, subscriptionExchange, type TypedDocumentNode } from '@urql/core'
import { LiveDocument, StartDocument, type StartQuery } from '../gql'
import { authorization, requestOptions } from '../session'
import { createCache } from './cache'
import { Cell, type Connection } from './connection'
import { Reader } from './reader'
import { createSocket } from './socket'
import { type LiveEvent, Stream } from './stream'
import { Versions } from './versions'

export type Viewer = NonNullable<StartQuery['viewer']>

/** Everything that one signed-in page shares: the client with its cache, and the one stream that keeps it true. */
export type LiveSession = {
  client: Client
  stream: Stream
  connection: Cell<Connection>
  /** Begins: reads who is signed in and where the stream stands, and follows the stream from there. */
  start(): Promise<{ viewer: Viewer; version: string }>
  /** Has the server answer a query as of now, for those who show it. */
  read<Data, Variables extends AnyVariables>(query: TypedDocumentNode<Data, Variables>, variables: Variables): void
  /** Follows a subscription of one screen; it survives reconnects. Returns what ends it. */
  watch<Data extends Record<string, unknown>>(query: string, variables: Record<string, unknown>, onData: (data: Data) => void): () => void
  /** Ends it for good. */
  stop(): void
}

/** How long after a reconnect arriving events count as caught up, and how long the badge then says so. */
const catchUp = 1500
const saySo = 6000

const live = stringifyDocument(formatDocument(LiveDocument))

/** onLost is called when the stream cannot go on where it stopped, so that all must be read anew. */
export function createLiveSession(onLost: () => void): LiveSession {
  const versions = new Versions()
  const stream = new Stream(versions)
  const reader = new Reader()
  const connection = new Cell<Connection>({ state: 'connecting' })
  const client = createClient({
    url: '/graphql',
    preferGetMethod: false,
    fetchOptions: requestOptions,
    exchanges: [
      createCache(),
      mapExchange({ onResult: ({ operation, data }) => void (operation.kind !== 'subscription' && versions.note(data)) }),
      reader.exchange,
      subscriptionExchange({ forwardSubscription: () => ({ subscribe: (sink) => ({ unsubscribe: stream.onDelivery((delivery) => sink.next(delivery)) }) }) }),
      fetchExchange,
    ],
  })
  const socket = createSocket({ authorization, ...watchConnection(connection, stream) })
  let unfollow = () => {}
  const follow = (after: string) => {
    unfollow = socket.subscribe<{ events: LiveEvent }>(
      { query: live, variables: { after } },
      {
        next: ({ data }) => data && stream.push(data.events),
        complete: () => {},
        error: (reason) => {
          const fate = fateOf(reason)
          if ('resumeAfter' in fate) follow(fate.resumeAfter)
          else if ('lost' in fate) onLost()
          else connection.set({ state: 'refused', problem: fate.problem })
        },
      },
    )
  }
  // The cache reads the stream through a subscription of its own, which never reaches the network.
  const feed = client.subscription(LiveDocument, { after: '' }).subscribe(() => {})
  return {
    client,
    stream,
    connection,
    async start() {
      const { data, error } = await client.query(StartDocument, {}, { requestPolicy: 'network-only' }).toPromise()
      if (error) throw error
      if (!data?.viewer) throw new Error('The server does not know this key.')
      follow(data.cursor)
      return { viewer: data.viewer, version: data.health.version }
    },
    read: (query, variables) => reader.read(client, query, variables),
    watch<Data extends Record<string, unknown>>(query: string, variables: Record<string, unknown>, onData: (data: Data) => void) {
      return socket.subscribe<Data>({ query, variables }, { next: ({ data }) => data && onData(data), complete: () => {}, error: () => {} })
    },
    stop() {
      feed.unsubscribe()
      unfollow()
    },
  }
}

type Fate = { resumeAfter: string } | { lost: true } | { problem: string }

/** What the end of the stream means: go on from a cursor, read all anew, or tell the person. */
export function fateOf(reason: unknown): Fate {
  const error: unknown = Array.isArray(reason) ? reason[0] : reason
  const { code, resumeAfter } = extensionsOf(error)
  if (code === 'SLOW_CONSUMER' && typeof resumeAfter === 'string') return { resumeAfter }
  if (code === 'SLOW_CONSUMER' || code === 'CURSOR_EXPIRED') return { lost: true }
  return { problem: messageOf(error) }
}

function extensionsOf(error: unknown): Record<string, unknown> {
  if (typeof error !== 'object' || error === null || !('extensions' in error)) return {}
  return typeof error.extensions === 'object' && error.extensions !== null ? { ...error.extensions } : {}
}

function messageOf(error: unknown): string {
  if (typeof error === 'object' && error !== null) {
    if ('message' in error && typeof error.message === 'string') return error.message
    if ('reason' in error && typeof error.reason === 'string' && error.reason) return error.reason
  }
  return 'The server refused the connection.'
}

/** Keeps the connection's state true, and counts what arrives right after a reconnect. */
function watchConnection(connection: Cell<Connection>, stream: Stream) {
  let lostAt = 0
  const settle = (caughtUp: number | null) => connection.get().state === 'live' && connection.set({ state: 'live', caughtUp })
  return {
    on: {
      connected: () => {
        const wasLost = lostAt > 0
        lostAt = 0
        connection.set({ state: 'live', caughtUp: null })
        if (!wasLost) return
        let count = 0
        const uncount = stream.onEvents((events) => void (count += events.length))
        setTimeout(() => {
          uncount()
          settle(count)
          setTimeout(() => settle(null), saySo)
        }, catchUp)
      },
      closed: () => {
        lostAt ||= Date.now()
        if (connection.get().state !== 'refused') connection.set({ state: 'waiting', since: lostAt, retryAt: Date.now() })
      },
    },
    onWait: (milliseconds: number) => {
      lostAt ||= Date.now()
      connection.set({ state: 'waiting', since: lostAt, retryAt: Date.now() + milliseconds })
    },
  }
}
