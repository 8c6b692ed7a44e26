import type { CombinedError, TypedDocumentNode } from '@urql/core'
import { createContext, useContext, useEffect, useRef, useSyncExternalStore } from 'react'
import { type AnyVariables, useQuery } from 'urql'
import type { Role } from '../gql'
import type { Connection } from './connection'
import type { LiveSession, Viewer } from './session'
import type { LiveEvent } from './stream'

export type Session = LiveSession & { viewer: Viewer; version: string; signOut: () => void }

export const SessionContext = createContext<Session | null>(null)

/** The signed-in session. Throws outside of one. */
export function useSession(): Session {
  const session = useContext(SessionContext)
  if (!session) throw new Error('useSession outside of a session')
  return session
}

export function useConnection(): Connection {
  const { connection } = useSession()
  return useSyncExternalStore(connection.subscribe, connection.get)
}

const steering: Role[] = ['ADMIN', 'MANAGER']

/** What the viewer is; null for one that has no role. */
export function useRole(): Role | null {
  const { viewer } = useSession()
  return 'role' in viewer ? viewer.role : null
}

/** Whether the viewer may steer workflows and decide on suggestions. */
export function useMaySteer(): boolean {
  const role = useRole()
  return role !== null && steering.includes(role)
}

/** Calls back with the events of each frame while the component is shown. */
export function useEvents(listener: (events: LiveEvent[]) => void) {
  const { stream } = useSession()
  const latest = useRef(listener)
  useEffect(() => {
    latest.current = listener
  })
  useEffect(() => stream.onEvents((events) => latest.current(events)), [stream])
}

/** No list is read anew more often than this, in milliseconds. */
const refetchEvery = 1000

/** How long to wait before asking again after a caller has asked for too much. */
const restAfterLimit = 3000

/**
 * A query that stays true. What its things are is kept up to date by the cache; which things belong to it is read anew,
 * at most once every so often, after an event for which `changes` is true. When too much was asked for, what was there
 * stays for the moment until it can be asked again.
 */
export function useLiveQuery<Data, Variables extends AnyVariables>(query: TypedDocumentNode<Data, Variables>, variables: Variables, changes: (event: LiveEvent) => boolean = () => false, every = refetchEvery) {
  const { read } = useSession()
  const [result] = useQuery({ query, variables, requestPolicy: 'cache-and-network' })
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const refetch = () => read(query, variables)
  const latest = useRef(refetch)
  const data = useRef(result.data)
  if (result.data) data.current = result.data
  useEffect(() => {
    latest.current = refetch
  })
  const later = (milliseconds: number) => {
    timer.current ??= setTimeout(() => {
      timer.current = undefined
      latest.current()
    }, milliseconds)
  }
  useEvents((events) => {
    if (timer.current === undefined && events.some(changes)) later(every)
  })
  const limited = result.error !== undefined && isLimited(result.error)
  useEffect(() => {
    if (limited) later(restAfterLimit)
  }, [limited, result.error])
  useEffect(() => () => clearTimeout(timer.current), [])
  const stay = limited && data.current !== undefined
  return { ...result, refetch, ...(stay && { data: data.current, error: undefined }) }
}

/** Whether a caller has asked for more than it may for now. */
function isLimited(error: CombinedError): boolean {
  return error.graphQLErrors.some(({ extensions }) => extensions.code === 'RATE_LIMITED')
}

/** The time, to so many milliseconds. Whoever asks for the same is told in the same moment, and drawn anew together. */
export function useNow(every: number): number {
  return useSyncExternalStore(tickerOf(every), () => Math.floor(Date.now() / every) * every)
}

type Ticker = (listener: () => void) => () => void

const tickers = new Map<number, Ticker>()

function tickerOf(every: number): Ticker {
  const known = tickers.get(every) ?? createTicker(every)
  tickers.set(every, known)
  return known
}

/** One timer for all who listen; none when nobody does. */
function createTicker(every: number): Ticker {
  const listeners = new Set<() => void>()
  let timer: ReturnType<typeof setInterval> | undefined
  return (listener) => {
    listeners.add(listener)
    timer ??= setInterval(() => listeners.forEach((tick) => tick()), every)
    return () => {
      listeners.delete(listener)
      if (listeners.size > 0) return
      clearInterval(timer)
      timer = undefined
    }
  }
}
