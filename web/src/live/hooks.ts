import type { TypedDocumentNode } from '@urql/core'
import { createContext, useContext, useEffect, useRef, useState, useSyncExternalStore } from 'react'
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

/** Whether the viewer may steer workflows and decide on suggestions. */
export function useMaySteer(): boolean {
  const { viewer } = useSession()
  return 'role' in viewer && steering.includes(viewer.role)
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

/** No list is read anew more often than this. */
const refetchEvery = 1000

/**
 * A query that stays true. What its things are is kept up to date by the cache; which things belong to it is read anew,
 * at most once a second, after an event for which `changes` is true.
 */
export function useLiveQuery<Data, Variables extends AnyVariables>(
  query: TypedDocumentNode<Data, Variables>,
  variables: Variables,
  changes: (event: LiveEvent) => boolean = () => false,
) {
  const [result, execute] = useQuery({ query, variables, requestPolicy: 'cache-and-network' })
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const refetch = () => execute({ requestPolicy: 'network-only' })
  const latest = useRef(refetch)
  useEffect(() => {
    latest.current = refetch
  })
  useEvents((events) => {
    if (timer.current !== undefined || !events.some(changes)) return
    timer.current = setTimeout(() => {
      timer.current = undefined
      latest.current()
    }, refetchEvery)
  })
  useEffect(() => () => clearTimeout(timer.current), [])
  return { ...result, refetch }
}

/** The time, anew every so many milliseconds. */
export function useNow(every: number): number {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), every)
    return () => clearInterval(timer)
  }, [every])
  return now
}
