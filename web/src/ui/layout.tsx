import { Link, Outlet, useSearch } from '@tanstack/react-router'
import { Activity, Bot, Inbox, LayoutDashboard, LogOut, type LucideIcon, Settings, Workflow } from 'lucide-react'
import { lazy, type ReactNode, Suspense, useEffect } from 'react'
import { InboxCountDocument } from '../gql'
import { useLiveQuery, useSession } from '../live/hooks'
import { BulkHost } from '../screens/bulk-host'
import { UndoBar } from '../screens/undo-bar'
import { ConnectionBadge, StaleNotice } from './badge'
import { setWaiting } from './page'
import { Palette, PaletteButton } from './palette'
import { Shortcuts } from './shortcuts'
import { ThemeButton } from './theme'
import { Toasts } from './toast'

const TaskDrawer = lazy(() => import('../screens/task').then((module) => ({ default: module.TaskDrawer })))

const places: { to: '/' | '/workflows' | '/inbox' | '/agents' | '/activity' | '/settings'; name: string; Icon: LucideIcon }[] = [
  { to: '/', name: 'Overview', Icon: LayoutDashboard },
  { to: '/workflows', name: 'Workflows', Icon: Workflow },
  { to: '/inbox', name: 'Inbox', Icon: Inbox },
  { to: '/agents', name: 'Agents', Icon: Bot },
  { to: '/activity', name: 'Activity', Icon: Activity },
  { to: '/settings', name: 'Settings', Icon: Settings },
]

/** What stands around every screen: the way to the others, and how the connection is. */
export function Layout() {
  const { task } = useSearch({ from: '__root__' })
  return (
    <div className="flex min-h-dvh flex-col md:flex-row">
      <a href="#main" className="sr-only focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-50 focus:rounded-lg focus:bg-surface focus:px-3 focus:py-2">
        Skip to the content
      </a>
      <Sidebar />
      <div className="flex min-w-0 flex-1 flex-col pb-16 md:pb-0">
        <StaleNotice />
        <main id="main" tabIndex={-1} className="mx-auto w-full max-w-[110rem] flex-1 px-4 py-5 outline-none sm:px-6 lg:px-8">
          <Outlet />
        </main>
      </div>
      <Toasts />
      <UndoBar />
      <BulkHost />
      <Palette />
      <Shortcuts />
      <Suspense>{task && <TaskDrawer id={task} />}</Suspense>
    </div>
  )
}

function Sidebar() {
  const { viewer, version, signOut } = useSession()
  return (
    <>
      <header className="sticky top-0 z-20 flex items-center gap-3 border-b border-line bg-canvas/90 px-4 py-1.5 backdrop-blur md:hidden">
        <img src="/favicon.svg" alt="" className="size-6" />
        <span className="text-sm font-semibold">Workflow Factory</span>
        <span className="ml-auto flex items-center gap-2">
          <ConnectionBadge />
          <PaletteButton />
        </span>
      </header>
      <aside className="fixed inset-x-0 bottom-0 z-20 border-t border-line bg-surface md:sticky md:inset-x-auto md:top-0 md:flex md:h-dvh md:w-56 md:shrink-0 md:flex-col md:border-t-0 md:border-r md:px-3 md:py-4">
        <Link to="/" className="hidden items-center gap-2.5 px-2 pb-5 md:flex">
          <img src="/favicon.svg" alt="" className="size-7" />
          <span className="font-semibold tracking-tight">Workflow Factory</span>
        </Link>
        <div className="hidden md:block">
          <PaletteButton />
        </div>
        <nav aria-label="Screens" className="flex justify-around md:flex-col md:gap-0.5">
          {places.map(({ to, name, Icon }) => (
            <Link
              key={to}
              to={to}
              activeOptions={{ exact: to === '/', includeSearch: false }}
              activeProps={{ className: 'text-brand md:bg-raised md:text-ink' }}
              inactiveProps={{ className: 'text-soft hover:text-ink md:hover:bg-raised' }}
              className="relative flex flex-1 flex-col items-center gap-1 rounded-lg px-0.5 py-2 text-[0.625rem] md:px-2 font-medium md:flex-none md:flex-row md:gap-2.5 md:text-sm"
            >
              <Icon size={17} aria-hidden />
              {name}
              {to === '/inbox' && <InboxCount />}
            </Link>
          ))}
        </nav>
        <div className="mt-auto hidden space-y-3 px-2 md:block">
          <a href="/graphiql" className="block text-sm text-soft hover:text-ink">
            GraphiQL
          </a>
          <ConnectionBadge />
          <div className="flex items-center gap-1 border-t border-line pt-3">
            <span className="min-w-0 flex-1 truncate text-sm" title={`Version ${version}`}>
              {viewer.name}
            </span>
            <ThemeButton />
            <SmallButton name="Sign out" onClick={signOut}>
              <LogOut size={16} aria-hidden />
            </SmallButton>
          </div>
        </div>
      </aside>
    </>
  )
}

function SmallButton({ name, onClick, children }: { name: string; onClick: () => void; children: ReactNode }) {
  return (
    <button type="button" aria-label={name} title={name} onClick={onClick} className="rounded-md p-1.5 text-soft hover:bg-raised hover:text-ink">
      {children}
    </button>
  )
}

function InboxCount() {
  const { data } = useLiveQuery(InboxCountDocument, {}, (event) => event.__typename === 'SuggestionEvent')
  const count = data?.suggestions.totalCount ?? 0
  useEffect(() => setWaiting(count), [count])
  if (count === 0) return null
  return (
    <span className="absolute top-1 left-1/2 ml-2 rounded-full bg-ask px-1.5 text-[0.6875rem] leading-4 font-semibold text-surface tabular-nums md:static md:ml-auto">
      {count}
      <span className="sr-only"> waiting</span>
    </span>
  )
}
