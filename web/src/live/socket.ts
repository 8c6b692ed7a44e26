import { type Client, type ClientOptions, createClient } from 'graphql-ws'
import { Positions } from './positions'

type Options = {
  /** Asked at every connect. */
  authorization: () => string | undefined
  /** Told of every change of the connection. */
  on?: ClientOptions['on']
  /** How long the socket outlives its last subscription. */
  lazyCloseTimeout?: number
  /** Told how many milliseconds the next attempt to connect is away. */
  onWait?: (milliseconds: number) => void
}

/** How often we ask whether the server is still there, and how long it may take to answer. */
const pingEvery = 12_000
const pongWithin = 5_000

/** The server refused our credential; asking again with the same one is no use. */
const forbidden = 4403

/** The server goes down, and tells when to come back. */
const serviceRestart = 1012

/** The longest between two attempts to connect, in milliseconds. */
const mostWait = 10_000

/**
 * A graphql-transport-ws client for this page's own server. It connects when the first subscription begins, retries
 * for ever, and after a reconnect goes on exactly behind the last event seen, for each operation that selects `cursor`.
 * Only a refused credential ends it: the subscription then fails with that close event.
 */
export function createSocket({ authorization, on, lazyCloseTimeout = 0, onWait }: Options): Client {
  const positions = new Positions()
  let operations = 0
  let overdue: ReturnType<typeof setTimeout> | undefined
  let asked: number | undefined // how long the server asked us to stay away
  const client = createClient({
    url: () => socketURL(location.href),
    lazyCloseTimeout,
    keepAlive: pingEvery,
    retryAttempts: Number.POSITIVE_INFINITY,
    shouldRetry: (reason) => closeCode(reason) !== forbidden,
    retryWait: (attempt) => wait((attempt === 0 ? asked : undefined) ?? backoff(attempt, Math.random()), onWait),
    generateID: () => String(++operations),
    connectionParams: () => ({ authorization: authorization(), resume: positions.resume() }),
    on: {
      ...on,
      message: (message) => {
        positions.note(message)
        on?.message?.(message)
      },
      ping: (received) => {
        if (!received) overdue = setTimeout(() => client.terminate(), pongWithin)
      },
      pong: (received) => {
        if (received) clearTimeout(overdue)
      },
      closed: (event) => {
        clearTimeout(overdue)
        asked = returnIn(event)
        on?.closed?.(event)
      },
    },
  })
  return { ...client, subscribe: subscribing }

  function subscribing(...[request, sink]: Parameters<Client['subscribe']>) {
    const stop = client.subscribe(request, sink as Parameters<Client['subscribe']>[1])
    const id = String(operations) // generateID has just run
    return () => {
      stop()
      positions.forget(id)
    }
  }
}

/** Where the socket of a page is: the same host, and encrypted when the page is. */
export function socketURL(page: string): string {
  const url = new URL('/graphql', page)
  url.protocol = url.protocol.replace('http', 'ws')
  return url.href
}

/** The code of a close event; undefined for anything else. */
export function closeCode(reason: unknown): number | undefined {
  if (typeof reason !== 'object' || reason === null || !('code' in reason)) return undefined
  return typeof reason.code === 'number' ? reason.code : undefined
}

/** A server that goes down says in how many milliseconds to come back, so that not all do at once. */
export function returnIn(reason: unknown): number | undefined {
  if (closeCode(reason) !== serviceRestart || typeof reason !== 'object' || reason === null || !('reason' in reason)) return undefined
  const milliseconds = Number(/connect again in (\d+) ms/.exec(String(reason.reason))?.[1] ?? NaN)
  return milliseconds <= mostWait ? milliseconds : undefined
}

/** Milliseconds before attempt n (from 0): doubling from half a second to ten, spread by a fifth so that clients do not return in step. */
export function backoff(attempt: number, random: number): number {
  return Math.min(500 * 2 ** attempt, mostWait) * (0.8 + 0.4 * random)
}

/** Waits for the next attempt, or until the machine says that it is online again. */
function wait(milliseconds: number, onWait?: (milliseconds: number) => void): Promise<void> {
  onWait?.(milliseconds)
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      removeEventListener('online', done)
      resolve()
    }
    const timer = setTimeout(done, milliseconds)
    addEventListener('online', done)
  })
}
