import { type FormEvent, useEffect, useRef, useState } from 'react'
import { useClient, useQuery } from 'urql'
import { AddCommentDocument, MentionableDocument, type MentionableQuery } from '../gql'
import { useRole } from '../live/hooks'
import { Button } from '../ui/controls'
import { Ago } from '../ui/time'
import { complain } from '../ui/toast'
import type { Task } from './task'

type Mention = { id: string; name: string }

/** The word behind the last @ that is still being typed; null when there is none. */
export function mentionIn(text: string): string | null {
  return /(?:^|\s)@([^\s@]*)$/.exec(text)?.[1] ?? null
}

/** Those who were picked and are still called by name in the text. */
export function mentionedIn(text: string, picked: Mention[]): string[] {
  return [...new Set(picked.filter(({ name }) => text.includes(`@${name}`)).map(({ id }) => id))]
}

/** What was said about a task; @ calls on people and agents. */
export function Comments({ task }: { task: Task }) {
  const client = useClient()
  const [text, setText] = useState('')
  const [picked, setPicked] = useState<Mention[]>([])
  const [sending, setSending] = useState(false)
  const sought = mentionIn(text)
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => {
    if (picked.length === 0) return
    field.current?.focus() // one goes on writing behind the name
    field.current?.setSelectionRange(text.length, text.length)
  }, [picked])
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (!text.trim()) return
    setSending(true)
    const { error } = await client.mutation(AddCommentDocument, { input: { taskId: task.id, body: text.trim(), mentions: mentionedIn(text, picked) } })
    setSending(false)
    if (error) return complain(error)
    setText('')
    setPicked([])
  }
  const pick = (mention: Mention) => {
    setPicked([...picked, mention])
    setText(`${text.slice(0, text.length - (sought?.length ?? 0))}${mention.name} `)
  }
  return (
    <section>
      <h3 className="mb-2 text-sm font-semibold">Comments</h3>
      <ul className="space-y-3">
        {task.comments.edges.map(({ node }) => (
          <li key={node.id} className="text-sm">
            <span className="font-medium">{node.author.name}</span> <Ago at={node.createdAt} className="text-xs text-faint" />
            {node.editedAt && <span className="text-xs text-faint"> edited</span>}
            <p className="mt-0.5 break-words whitespace-pre-wrap">{node.body}</p>
            {node.mentions.length > 0 && <p className="text-xs text-soft">calls on {node.mentions.map(({ name }) => name).join(', ')}</p>}
          </li>
        ))}
      </ul>
      <form onSubmit={submit} className="mt-3 flex gap-2">
        <label className="min-w-0 flex-1">
          <span className="sr-only">Comment</span>
          <input ref={field} value={text} onChange={(event) => setText(event.target.value)} maxLength={10_000} autoComplete="off" placeholder="Say something about it; @ calls on somebody" className="w-full rounded-lg border border-line bg-canvas px-3 py-1.5 text-sm" />
        </label>
        <Button type="submit" disabled={sending}>
          Send
        </Button>
      </form>
      {sought !== null && <Choices workflowId={task.workflow.id} sought={sought} onPick={pick} />}
    </section>
  )
}

/** Those whom a text may mean: people first, each once. */
export function mentionable({ agents, events, users }: MentionableQuery, sought: string): Mention[] {
  const acted = events.edges.flatMap(({ node: { actor } }) => (actor.__typename === 'User' ? [actor] : []))
  const listed = users?.edges.flatMap(({ node }) => (node.active ? [node] : [])) ?? []
  const people = [...acted, ...listed].filter(({ name }) => name.toLowerCase().includes(sought.toLowerCase()))
  const all = [...people, ...agents.edges.map((edge) => edge.node)]
  return [...new Map(all.map(({ id, name }) => [id, { id, name }])).values()].slice(0, mostChoices)
}

const mostChoices = 8

function Choices({ workflowId, sought, onPick }: { workflowId: string; sought: string; onPick: (mention: Mention) => void }) {
  const mayList = useRole() === 'ADMIN'
  const [{ data }] = useQuery({ query: MentionableDocument, variables: { workflowId, text: sought, mayList } })
  const choices = data && mentionable(data, sought)
  if (choices?.length === 0) return <p className="mt-2 text-sm text-soft">Nobody here has this name.</p>
  return (
    <ul aria-label="Whom to call on" className="mt-2 flex flex-wrap gap-1.5">
      {choices?.map((mention) => (
        <li key={mention.id}>
          <button type="button" onClick={() => onPick(mention)} className="rounded-full border border-line px-2.5 py-1 text-sm text-soft hover:border-brand hover:text-ink">
            @{mention.name}
          </button>
        </li>
      ))}
    </ul>
  )
}
