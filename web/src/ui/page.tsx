import { type AnyVariables, stringifyDocument, type TypedDocumentNode } from '@urql/core'
import { Braces } from 'lucide-react'
import { type ReactNode, useEffect } from 'react'

const tab = { title: '', waiting: 0 }

function nameTab(change: Partial<typeof tab>) {
  Object.assign(tab, change)
  document.title = `${tab.waiting > 0 ? `(${tab.waiting}) ` : ''}${tab.title} · Workflow Factory`
}

/** Says in the name of the browser's tab how many suggestions wait, for who has it open behind others. */
export function setWaiting(waiting: number) {
  nameTab({ waiting })
}

/** The head of a screen, and the title of its tab, which may say more. */
export function PageHead({ title, tab = title, children, below }: { title: string; tab?: string; children?: ReactNode; below?: ReactNode }) {
  useEffect(() => nameTab({ title: tab }), [tab])
  return (
    <header className="mb-5">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <h1 className="min-w-0 truncate text-xl font-semibold tracking-tight">{title}</h1>
        <div className="ml-auto flex flex-wrap items-center gap-2">{children}</div>
      </div>
      {below}
    </header>
  )
}

/** Opens the very operation that fills this screen. */
export function InGraphiQL<Variables extends AnyVariables>({ query, variables }: { query: TypedDocumentNode<unknown, Variables>; variables: Variables }) {
  const address = () => `/graphiql?${new URLSearchParams({ query: stringifyDocument(query), variables: JSON.stringify(variables, null, 2) })}`
  return (
    <a
      href="/graphiql"
      onPointerEnter={(event) => void (event.currentTarget.href = address())}
      onFocus={(event) => void (event.currentTarget.href = address())}
      aria-label="Open this screen's query in GraphiQL"
      title="Open this screen's query in GraphiQL"
      className="hidden rounded-lg border border-line bg-surface p-2 text-soft hover:bg-raised hover:text-ink sm:block"
    >
      <Braces size={15} aria-hidden />
    </a>
  )
}
