import { useEffect, useState } from 'react'
import { authorization } from '../session'
import { request } from './request'
import { createSocket } from './socket'

export type FeedEvent = {
  id: string
  cursor: string
  at: string
  type: string
  actor: { name: string }
  workflow?: { name: string } | null
  task?: { name: string } | null
  agent?: { name: string } | null
  suggestion?: { action: string } | null
  comment?: { body: string } | null
}

export type Feed = { state: 'connecting' | 'live' | 'offline' | 'refused'; viewer: string | null; events: FeedEvent[]; problem: string | null }

/** How many events the feed keeps, newest first. */
const kept = 60

const eventFields = `
  fragment EventFields on Event {
    id cursor at type actor { name }
    ... on WorkflowEvent { workflow { name } }
    ... on TaskEvent { task { name } }
    ... on AgentEvent { agent { name } }
    ... on SuggestionEvent { suggestion { action } }
    ... on CommentEvent { comment { body } }
  }`

const start = `query Start { cursor viewer { name } events(orderBy: { direction: DESC }, first: 30) { edges { node { ...EventFields } } } } ${eventFields}`
const follow = `subscription Follow($after: EventCursor!) { events(after: $after) { ...EventFields } } ${eventFields}`

type Started = { cursor: string; viewer: { name: string } | null; events: { edges: { node: FeedEvent }[] } }

/** The newest events, kept up to date for as long as the component is on the page. */
export function useFeed(): Feed {
  const [feed, setFeed] = useState<Feed>({ state: 'connecting', viewer: null, events: [], problem: null })
  useEffect(() => {
    const change = (part: Partial<Feed>) => setFeed((feed) => ({ ...feed, ...part }))
    const socket = createSocket({
      authorization,
      on: { connected: () => change({ state: 'live' }), closed: () => change({ state: 'offline' }) },
    })
    const add = (event: FeedEvent) => setFeed((feed) => ({ ...feed, events: [event, ...feed.events].slice(0, kept) }))
    let stop = () => {}
    let left = false
    request<Started>(start).then(
      ({ cursor, viewer, events }) => {
        if (left) return
        change({ viewer: viewer?.name ?? null, events: events.edges.map((edge) => edge.node) })
        stop = socket.subscribe<{ events: FeedEvent }>(
          { query: follow, variables: { after: cursor } },
          { next: ({ data }) => data && add(data.events), error: (reason) => change({ state: 'refused', problem: messageOf(reason) }), complete: () => change({ state: 'offline' }) },
        )
      },
      (reason: unknown) => !left && change({ state: 'refused', problem: messageOf(reason) }),
    )
    return () => {
      left = true
      stop()
    }
  }, [])
  return feed
}

function messageOf(reason: unknown): string {
  const first: unknown = Array.isArray(reason) ? reason[0] : reason
  return first instanceof Error || (typeof first === 'object' && first !== null && 'message' in first) ? String(first.message) : 'The server refused the connection.'
}
