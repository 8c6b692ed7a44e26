import { Link } from '@tanstack/react-router'
import { Bookmark, X } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { searches, type WorkflowsSearch } from '../search'
import { Button } from '../ui/controls'
import { useStored } from '../ui/stored'

type View = { name: string; search: WorkflowsSearch }

function isNamed(value: unknown): value is { name: string; search: Record<string, unknown> } {
  return typeof value === 'object' && value !== null && 'name' in value && typeof value.name === 'string' && 'search' in value && typeof value.search === 'object' && value.search !== null
}

/** Filters under a name, kept by this browser. */
export function SavedViews({ search }: { search: WorkflowsSearch }) {
  const [views, setViews] = useStored<View[]>('wfd.views', (kept) => (Array.isArray(kept) ? kept.filter(isNamed).map(({ name, search }) => ({ name, search: searches.workflows(search) })) : []))
  const [naming, setNaming] = useState(false)
  const { after: _after, before: _before, ...filters } = search
  const isFiltered = Object.values(filters).some((value) => value !== undefined)
  const isCurrent = (view: View) => JSON.stringify(searches.workflows(filters)) === JSON.stringify(view.search)
  const save = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const name = String(new FormData(event.currentTarget).get('name')).trim()
    setNaming(false)
    if (name) setViews([...views.filter((view) => view.name !== name), { name, search: searches.workflows(filters) }])
  }
  if (views.length === 0 && !isFiltered) return null
  return (
    <div className="mb-3 flex flex-wrap items-center gap-1.5" role="group" aria-label="Saved views">
      {views.map((view) => (
        <span key={view.name} data-current={isCurrent(view) || undefined} className="inline-flex items-center rounded-lg border border-line text-sm text-soft data-current:border-brand data-current:text-ink">
          <Link to="/workflows" search={view.search} className="py-1 pl-2.5 hover:text-ink">
            {view.name}
          </Link>
          <button type="button" aria-label={`Forget ${view.name}`} onClick={() => setViews(views.filter((one) => one !== view))} className="px-2 py-1 text-faint hover:text-ink">
            <X size={13} aria-hidden />
          </button>
        </span>
      ))}
      {naming ? (
        <form onSubmit={save} className="flex gap-1.5">
          <input autoFocus name="name" aria-label="Name of the view" maxLength={40} onKeyDown={(event) => event.key === 'Escape' && setNaming(false)} className="w-40 rounded-lg border border-line bg-surface px-2.5 py-1 text-sm" />
          <Button type="submit" className="py-1">
            Save
          </Button>
        </form>
      ) : (
        isFiltered &&
        !views.some(isCurrent) && (
          <Button look="quiet" Icon={Bookmark} onClick={() => setNaming(true)} className="py-1">
            Save this view
          </Button>
        )
      )}
    </div>
  )
}
