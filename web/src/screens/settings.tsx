import { Link, useSearch } from '@tanstack/react-router'
import { type ComponentType, lazy, Suspense } from 'react'
import { useRole } from '../live/hooks'
import type { SettingsView } from '../search'
import { Loading } from '../ui/controls'
import { PageHead } from '../ui/page'
import { Account } from './settings-account'
import { Keys } from './settings-keys'
import { People } from './settings-people'
import { Sessions } from './settings-sessions'

const Policies = lazy(() => import('./settings-policies').then((module) => ({ default: module.Policies })))

type Part = { view: SettingsView | undefined; name: string; Content: ComponentType; who: 'anyone' | 'administrators' }

const parts: Part[] = [
  { view: undefined, name: 'Account', Content: Account, who: 'anyone' },
  { view: 'policies', name: 'Approval policies', Content: Policies, who: 'anyone' },
  { view: 'people', name: 'People', Content: People, who: 'administrators' },
  { view: 'keys', name: 'API keys', Content: Keys, who: 'administrators' },
  { view: 'sessions', name: 'Sessions', Content: Sessions, who: 'administrators' },
]

/** One's own account, the rules of approval, and for administrators who may come in. */
export function Settings() {
  const { view } = useSearch({ from: '/settings' })
  const role = useRole()
  const mine = parts.filter(({ who }) => who === 'anyone' || role === 'ADMIN')
  const { Content } = mine.find((part) => part.view === view) ?? mine[0]!
  return (
    <>
      <PageHead title="Settings" />
      <nav aria-label="Settings" className="mb-4 flex flex-wrap gap-1">
        {mine.map(({ view, name }) => (
          <Link
            key={name}
            to="/settings"
            search={{ view }}
            activeOptions={{ exact: true, includeSearch: true }}
            activeProps={{ className: 'bg-raised text-ink' }}
            inactiveProps={{ className: 'text-soft hover:text-ink' }}
            className="rounded-lg px-3 py-1.5 text-sm font-medium"
          >
            {name}
          </Link>
        ))}
      </nav>
      <Suspense fallback={<Loading rows={5} />}>
        <Content />
      </Suspense>
    </>
  )
}
