import { Link, useParams } from '@tanstack/react-router'
import { type ComponentType, lazy, Suspense } from 'react'
import { useRole } from '../live/hooks'
import { Loading } from '../ui/controls'
import { NotFound } from '../ui/not-found'
import { PageHead } from '../ui/page'
import { Account } from './settings-account'
import { Keys } from './settings-keys'
import { People } from './settings-people'
import { Sessions } from './settings-sessions'

const Policies = lazy(() => import('./settings-policies').then((module) => ({ default: module.Policies })))

type Part = { part: string | undefined; name: string; Content: ComponentType; who: 'anyone' | 'administrators' }

const parts: Part[] = [
  { part: undefined, name: 'Account', Content: Account, who: 'anyone' },
  { part: 'policies', name: 'Approval policies', Content: Policies, who: 'anyone' },
  { part: 'people', name: 'People', Content: People, who: 'administrators' },
  { part: 'keys', name: 'API keys', Content: Keys, who: 'administrators' },
  { part: 'sessions', name: 'Sessions', Content: Sessions, who: 'administrators' },
]

/** One's own account, the rules of approval, and for administrators who may come in. */
export function Settings() {
  const { part } = useParams({ strict: false })
  const role = useRole()
  const mine = parts.filter(({ who }) => who === 'anyone' || role === 'ADMIN')
  const chosen = mine.find((one) => one.part === part)
  if (!chosen) return <NotFound />
  const { name, Content } = chosen
  return (
    <>
      <PageHead title="Settings" tab={`${name} · Settings`} />
      <nav aria-label="Settings" className="mb-4 flex flex-wrap gap-1">
        {mine.map(({ part, name }) => (
          <Link
            key={name}
            {...(part === undefined ? { to: '/settings' } : { to: '/settings/$part', params: { part } })}
            activeOptions={{ exact: true, includeSearch: false }}
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
