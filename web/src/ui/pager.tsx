import { Link } from '@tanstack/react-router'
import { ChevronLeft, ChevronRight } from 'lucide-react'
import type { Paging } from '../search'

type PageInfo = { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string | null; endCursor: string | null }

/** The arguments of a connection for a place in its pages. */
export function pageArguments({ after, before }: Paging, size: number) {
  return before ? { last: size, before } : { first: size, ...(after && { after }) }
}

/** To the page before and to the one behind; the place is kept in the address. */
export function Pager({ page, shown }: { page: PageInfo; shown: string }) {
  const style = 'inline-flex items-center gap-1 rounded-lg border border-line px-2.5 py-1.5 text-sm font-medium hover:bg-raised aria-disabled:pointer-events-none aria-disabled:opacity-40'
  return (
    <nav aria-label="Pages" className="flex items-center gap-2 border-t border-line px-4 py-2.5">
      <span className="mr-auto text-sm text-soft tabular-nums">{shown}</span>
      <Link to="." search={(search) => ({ ...search, after: undefined, before: page.startCursor ?? undefined })} disabled={!page.hasPreviousPage} className={style}>
        <ChevronLeft size={15} aria-hidden /> Previous
      </Link>
      <Link to="." search={(search) => ({ ...search, before: undefined, after: page.endCursor ?? undefined })} disabled={!page.hasNextPage} className={style}>
        Next <ChevronRight size={15} aria-hidden />
      </Link>
    </nav>
  )
}
