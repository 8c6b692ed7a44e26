import { describe, expect, it } from 'vitest'
import { type Delivery, type LiveEvent, newestPerThing, Stream } from './stream'
import { Versions } from './versions'

let number = 0

function event(id: string, version: number): LiveEvent {
  const cursor = `c${++number}`
  const workflow = { __typename: 'Workflow', id, version, name: id }
  return { __typename: 'WorkflowEvent', id: `evt_${number}`, cursor, type: 'WORKFLOW_UPDATED', workflowId: id, workflow } as unknown as LiveEvent
}

function deleted(id: string): LiveEvent {
  return { ...event(id, 9), type: 'WORKFLOW_DELETED', workflow: null } as LiveEvent
}

/** A stream whose frames come when the test says so. */
function setup() {
  const frames: (() => void)[] = []
  const versions = new Versions()
  const stream = new Stream(versions, (flush) => void frames.push(flush))
  const seen: LiveEvent[][] = []
  const cached: Delivery[] = []
  stream.onEvents((events) => seen.push(events))
  const stop = stream.onDelivery((delivery) => cached.push(delivery))
  return { versions, stream, seen, cached, stop, frames, frame: () => frames.splice(0).forEach((flush) => flush()) }
}

describe('Stream', () => {
  it('hands on all events of a frame at once, in order', () => {
    const { stream, seen, frame, frames } = setup()
    const events = [event('a', 1), event('b', 1), event('a', 2)]
    events.forEach((event) => stream.push(event))
    expect(seen).toEqual([])
    expect(frames.length).toBe(1)
    frame()
    expect(seen).toEqual([events])
  })

  it('gives the cache only the newest state of each thing', () => {
    const { stream, cached, frame } = setup()
    const events = [event('a', 1), event('b', 1), event('a', 2)]
    events.forEach((event) => stream.push(event))
    frame()
    expect(cached.map(({ data }) => data.events)).toEqual([[events[1], events[2]]])
  })

  it('never turns a thing back to before a newer answer', () => {
    const { stream, cached, seen, versions, frame } = setup()
    versions.note({ workflow: { id: 'a', version: 5 } })
    stream.push(event('a', 4))
    frame()
    expect(cached).toEqual([])
    expect(seen.length).toBe(1) // it did happen, and is told
    const newer = event('a', 6)
    stream.push(newer)
    frame()
    expect(cached.map(({ data }) => data.events)).toEqual([[newer]])
  })

  it('stops calling back when asked to', () => {
    const { stream, cached, stop, frame } = setup()
    stop()
    stream.push(event('a', 1))
    frame()
    expect(cached).toEqual([])
  })
})

describe('newestPerThing', () => {
  it('leaves out what is gone', () => expect(newestPerThing([event('a', 1), deleted('b')]).length).toBe(1))
})

describe('Versions', () => {
  it('finds everything versioned, however deep', () => {
    const versions = new Versions()
    versions.note({ workflows: { edges: [{ node: { id: 'a', version: 3, tasks: [{ id: 'b', version: 2 }] } }] }, viewer: null, cursor: 'c' })
    expect(versions.accept({ id: 'a', version: 2 })).toBe(false)
    expect(versions.accept({ id: 'b', version: 1 })).toBe(false)
    expect(versions.accept({ id: 'b', version: 2 })).toBe(true)
    expect(versions.accept({ id: 'new', version: 1 })).toBe(true)
  })
})
