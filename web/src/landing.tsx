import { type FormEvent, useState } from 'react'
import { type Feed, useFeed } from './live/feed'
import { sessionKey, setSessionKey } from './session'
import { EventLine } from './ui/event'

const places = [
  { href: '/graphiql', name: 'GraphiQL', text: 'Try every operation, with subscriptions and the whole manual at hand.' },
  { href: '/schema.graphqls', name: 'Schema', text: 'The API as one file, to generate typed clients from.' },
  { href: '/readyz', name: 'Health', text: 'Whether the server is ready; /healthz and /metrics are beside it.' },
]

/** The first page: where things are and, for who is signed in, what happens right now. */
export function Landing() {
  const [key, setKey] = useState(sessionKey())
  const sign = (key: string | null) => {
    setSessionKey(key)
    setKey(key)
  }
  return (
    <div className="mx-auto flex min-h-dvh max-w-6xl flex-col px-5 py-8 sm:px-8 sm:py-12">
      <header className="flex items-center gap-3">
        <img src="/favicon.svg" alt="" className="size-9" />
        <h1 className="text-lg font-semibold tracking-tight">Workflow Factory</h1>
        {key && (
          <button type="button" className="ml-auto rounded-md px-3 py-1.5 text-sm text-soft hover:bg-raised hover:text-ink" onClick={() => sign(null)}>
            Sign out
          </button>
        )}
      </header>
      <main className="mt-10 grid flex-1 items-start gap-8 lg:grid-cols-[20rem_1fr]">
        <section aria-label="Where things are">
          <p className="text-2xl leading-snug font-semibold tracking-tight text-balance">See, steer and answer for the agents that work for you.</p>
          <ul className="mt-6 space-y-2">
            {places.map((place) => (
              <li key={place.href}>
                <a href={place.href} className="block rounded-xl border border-line bg-surface p-4 transition hover:border-brand">
                  <span className="font-medium">{place.name}</span>
                  <span className="mt-1 block text-sm text-soft">{place.text}</span>
                </a>
              </li>
            ))}
          </ul>
        </section>
        {key ? <Live key={key} onSignOut={() => sign(null)} /> : <SignIn onKey={sign} />}
      </main>
    </div>
  )
}

function SignIn({ onKey }: { onKey: (key: string) => void }) {
  const submit = (form: FormEvent<HTMLFormElement>) => {
    form.preventDefault()
    const key = new FormData(form.currentTarget).get('key')
    if (typeof key === 'string' && key.trim()) onKey(key.trim())
  }
  return (
    <form onSubmit={submit} className="rounded-2xl border border-line bg-surface p-6 sm:p-8">
      <h2 className="font-semibold">Watch it live</h2>
      <p className="mt-1 text-sm text-soft">
        Sign in with an API key. The server prints a signed link when it starts; <code className="rounded bg-raised px-1.5 py-0.5 font-mono text-xs">wfd key create</code> makes another key.
      </p>
      <label className="mt-5 block text-sm font-medium" htmlFor="key">
        API key
      </label>
      <div className="mt-1.5 flex gap-2">
        <input id="key" name="key" type="password" autoComplete="off" required placeholder="wfk_…" className="min-w-0 flex-1 rounded-lg border border-line bg-canvas px-3 py-2 font-mono text-sm" />
        <button type="submit" className="rounded-lg bg-brand px-4 py-2 text-sm font-medium text-on-brand">
          Sign in
        </button>
      </div>
    </form>
  )
}

function Live({ onSignOut }: { onSignOut: () => void }) {
  const feed = useFeed()
  return (
    <section aria-label="What happens now" className="overflow-hidden rounded-2xl border border-line bg-surface">
      <header className="flex items-center gap-3 border-b border-line px-4 py-3">
        <h2 className="font-semibold">Happening now</h2>
        {feed.viewer && <span className="hidden truncate text-sm text-faint sm:block">as {feed.viewer}</span>}
        <Badge state={feed.state} />
      </header>
      {feed.problem ? <Problem text={feed.problem} onSignOut={onSignOut} /> : <EventList feed={feed} />}
    </section>
  )
}

function EventList({ feed }: { feed: Feed }) {
  if (feed.events.length === 0 && feed.state === 'live') {
    return <p className="px-4 py-10 text-center text-sm text-soft">Nothing has happened yet. Run the first example in GraphiQL and watch it appear here.</p>
  }
  return (
    <ol className="max-h-[70dvh] divide-y divide-line overflow-y-auto">
      {feed.events.map((event) => (
        <EventLine key={event.id} event={event} />
      ))}
    </ol>
  )
}

function Problem({ text, onSignOut }: { text: string; onSignOut: () => void }) {
  return (
    <div className="px-4 py-10 text-center text-sm" role="alert">
      <p className="text-bad">{text}</p>
      <button type="button" onClick={onSignOut} className="mt-3 font-medium text-brand hover:underline">
        Sign in with another key
      </button>
    </div>
  )
}

const badges: Record<Feed['state'], [string, string]> = {
  connecting: ['Connecting', 'bg-warn animate-pulse'],
  live: ['Live', 'bg-good'],
  offline: ['Reconnecting', 'bg-warn animate-pulse'],
  refused: ['Refused', 'bg-bad'],
}

function Badge({ state }: { state: Feed['state'] }) {
  const [text, dot] = badges[state]
  return (
    <span role="status" className="ml-auto flex items-center gap-2 text-xs font-medium text-soft">
      <span className={`size-2 rounded-full ${dot}`} />
      {text}
    </span>
  )
}
