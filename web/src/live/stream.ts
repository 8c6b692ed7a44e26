import type { LiveSubscription } from '../gql'
import type { Versions } from './versions'

export type LiveEvent = LiveSubscription['events']

/**
 * The newest state of some things, in the form that a cache of entities reads: an answer to the subscription, but with
 * all events of a frame where the server sends one. So what depends on them is read once per frame, not once per event.
 */
export type Delivery = { data: { events: LiveEvent[] } }

type Listener<Value> = (value: Value) => void

/**
 * Takes the events of the one subscription and hands them on once per frame: all of them, in order, to who wants to know
 * what happened; and of each thing only the newest state to the cache, so that a burst costs one update.
 */
export class Stream {
  readonly #versions: Versions
  readonly #schedule: (flush: () => void) => void
  readonly #watchers = new Set<Listener<LiveEvent[]>>()
  readonly #caches = new Set<Listener<Delivery>>()
  #waiting: LiveEvent[] = []

  constructor(versions: Versions, schedule: (flush: () => void) => void = nextFrame) {
    this.#versions = versions
    this.#schedule = schedule
  }

  push(event: LiveEvent) {
    this.#waiting.push(event)
    if (this.#waiting.length === 1) this.#schedule(() => this.#flush())
  }

  /** Calls back with the events of each frame, until the returned function is called. */
  onEvents(listener: Listener<LiveEvent[]>): () => void {
    this.#watchers.add(listener)
    return () => this.#watchers.delete(listener)
  }

  /** Calls back with the newest state of what changed, until the returned function is called. */
  onDelivery(listener: Listener<Delivery>): () => void {
    this.#caches.add(listener)
    return () => this.#caches.delete(listener)
  }

  #flush() {
    const events = this.#waiting
    this.#waiting = []
    const news = newestPerThing(events).filter((event) => this.#isNews(event))
    if (news.length > 0) this.#caches.forEach((cache) => cache({ data: { events: news } }))
    this.#watchers.forEach((watch) => watch(events))
  }

  #isNews(event: LiveEvent): boolean {
    const thing = thingOf(event)
    return thing !== null && this.#versions.accept(thing)
  }
}

/** What an event is about, as it was just after; null once deleted. */
export function thingOf(event: LiveEvent) {
  switch (event.__typename) {
    case 'WorkflowEvent':
      return event.workflow
    case 'TaskEvent':
      return event.task
    case 'AgentEvent':
      return event.agent
    case 'SuggestionEvent':
      return event.suggestion
    case 'CommentEvent':
      return event.comment
    case 'ApprovalPolicyEvent':
      return event.approvalPolicy
    case 'AccessEvent':
      return null
  }
}

/** Of each thing the last event, in the order in which those came. */
export function newestPerThing(events: LiveEvent[]): LiveEvent[] {
  const newest = new Map<string, LiveEvent>()
  for (const event of events) {
    const id = thingOf(event)?.id
    if (id === undefined) continue
    newest.delete(id)
    newest.set(id, event)
  }
  return [...newest.values()]
}

/** The least time between two updates, and how many times as long as one kept the page busy it then rests, in milliseconds. */
const leastRest = 80
const restFactor = 4
const mostRest = 1000

let restUntil = 0

/**
 * Runs in a frame, at once unless there was one just before: however much happens, most of the time is left for people
 * who scroll and type. A hidden page gets no frames, and would otherwise gather events without end.
 */
function nextFrame(flush: () => void) {
  if (document.hidden) return void setTimeout(flush, 250)
  setTimeout(() => requestAnimationFrame((begun) => {
    flush()
    // What the update changes is drawn before the second frame from here, which comes as much later as that takes.
    requestAnimationFrame(() => requestAnimationFrame((then) => void (restUntil = then + Math.min(mostRest, leastRest + restFactor * Math.max(0, then - begun - 34)))))
    restUntil = begun + leastRest
  }), Math.max(0, restUntil - performance.now()))
}
