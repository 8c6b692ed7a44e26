import { Download } from 'lucide-react'
import { useState } from 'react'
import { type Client, useClient } from 'urql'
import { ActivityDocument, type ActivityQuery, type EventFilter } from '../gql'
import { Button } from '../ui/controls'
import { subjectOf } from '../ui/event'
import { complain, toast } from '../ui/toast'

type Event = ActivityQuery['events']['edges'][number]['node']
type Format = 'csv' | 'jsonl'

/** The most that one file holds; `wfd events export` writes the rest. */
const most = 10_000
const pageSize = 100

/** Writes the newest events that a filter keeps into a file. */
export function Export({ filter }: { filter: EventFilter }) {
  const client = useClient()
  const [read, setRead] = useState<number | null>(null)
  const save = async (format: Format) => {
    setRead(0)
    try {
      const events = await newest(client, filter, setRead)
      download(`activity.${format}`, format === 'csv' ? csvOf(events) : linesOf(events))
      if (events.length === most) toast(`These are the newest ${most.toLocaleString()}.`)
    } catch (reason) {
      complain(reason instanceof Error ? reason : new Error(String(reason)))
    }
    setRead(null)
  }
  if (read !== null) return <span role="status" className="text-sm text-soft tabular-nums">{`${read.toLocaleString()} events…`}</span>
  return (
    <>
      <Button Icon={Download} onClick={() => save('csv')}>
        CSV
      </Button>
      <Button Icon={Download} onClick={() => save('jsonl')}>
        JSON lines
      </Button>
    </>
  )
}

async function newest(client: Client, filter: EventFilter, onRead: (count: number) => void): Promise<Event[]> {
  const events: Event[] = []
  let after: string | undefined
  while (events.length < most) {
    const { data, error } = await client.query(ActivityDocument, { filter, first: pageSize, after }, { requestPolicy: 'network-only' })
    if (error || !data) throw error ?? new Error('The server did not answer.')
    events.push(...data.events.edges.map((edge) => edge.node))
    onRead(events.length)
    if (!data.events.pageInfo.hasNextPage) break
    after = data.events.pageInfo.endCursor ?? undefined
  }
  return events
}

export function linesOf(events: Event[]): string {
  return events.map((event) => `${JSON.stringify(event)}\n`).join('')
}

/** Events as a table for spreadsheets. What would be taken for a formula there is kept from being one. */
export function csvOf(events: Event[]): string {
  const rows = events.map((event) => [event.at, event.type, event.actor.name, subjectOf(event), event.changes.map(({ field, before, after }) => `${field}: ${JSON.stringify(before)} → ${JSON.stringify(after)}`).join('; '), event.requestId ?? ''])
  return [['at', 'type', 'by', 'about', 'changes', 'request'], ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('')
}

function cell(text: string): string {
  const harmless = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}

function download(name: string, text: string) {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([text], { type: name.endsWith('.csv') ? 'text/csv' : 'application/x-ndjson' }))
  link.download = name
  link.click()
  URL.revokeObjectURL(link.href)
}
