import { useCallback, useEffect, useState } from 'react'
import type { Client } from 'urql'
import { WorkflowDocument, type WorkflowQuery } from '../gql'
import { useSession } from '../live/hooks'

export type Workflow = NonNullable<WorkflowQuery['workflow']>
export type Task = Workflow['tasks']['edges'][number]['node']

type Page = { workflow: Workflow | null }
type Loaded = { pages: Page[]; error: Error | undefined; reload: () => void }

/**
 * A workflow with all its tasks, whatever their number, kept true by the cache. `reload` reads it anew after tasks came,
 * went or were tied together differently.
 */
export function useAllTasks(id: string): Loaded {
  const { client, read } = useSession()
  const [pages, setPages] = useState<Page[]>([])
  const [error, setError] = useState<Error>()
  useEffect(() => {
    setPages([])
    setError(undefined)
    return watchPages(client, id, setPages, setError)
  }, [client, id])
  const reload = useCallback(() => {
    for (const after of [undefined, ...cursorsOf(pages)]) read(WorkflowDocument, { id, after })
  }, [read, id, pages])
  return { pages, error, reload }
}

/** The tasks of all pages. */
export function tasksOf(pages: Page[]): Task[] {
  return pages.flatMap(({ workflow }) => workflow?.tasks.edges.map((edge) => edge.node) ?? [])
}

/** Where each page after the first begins. */
function cursorsOf(pages: Page[]): string[] {
  return pages.flatMap(({ workflow }) => (workflow?.tasks.pageInfo.hasNextPage && workflow.tasks.pageInfo.endCursor) || [])
}

/** Follows every page of a workflow's tasks, one opening the next; returns what ends it. */
function watchPages(client: Client, id: string, setPages: (change: (pages: Page[]) => Page[]) => void, setError: (error: Error) => void): () => void {
  const stops: (() => void)[] = []
  const watch = (index: number, after: string | undefined) => {
    const { unsubscribe } = client.query(WorkflowDocument, { id, after }, { requestPolicy: 'cache-and-network' }).subscribe(({ data, error }) => {
      if (error) setError(error)
      if (!data) return
      setPages((pages) => pages.toSpliced(index, 1, data))
      const next = cursorsOf([data])[0]
      if (next !== undefined && stops.length === index + 1) watch(index + 1, next)
    })
    stops[index] = unsubscribe
  }
  watch(0, undefined)
  return () => stops.forEach((stop) => stop())
}
