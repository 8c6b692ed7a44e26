import type { FormEvent } from 'react'
import { Button, Problem } from './controls'

/** The way in for who has no signed link. */
export function SignIn({ onKey, error }: { onKey: (key: string | null) => void; error?: Error }) {
  const submit = (form: FormEvent<HTMLFormElement>) => {
    form.preventDefault()
    const key = new FormData(form.currentTarget).get('key')
    if (typeof key !== 'string' || !key.trim()) return
    onKey(null) // so that the same key, tried again, is a change
    queueMicrotask(() => onKey(key.trim()))
  }
  return (
    <main className="mx-auto flex min-h-dvh max-w-md flex-col justify-center px-5 py-10">
      <img src="/favicon.svg" alt="" className="size-11" />
      <h1 className="mt-5 text-2xl font-semibold tracking-tight">Workflow Factory</h1>
      <p className="mt-1 text-soft">See, steer and answer for the agents that work for you.</p>
      <form onSubmit={submit} className="mt-8 rounded-xl border border-line bg-surface p-5">
        <label className="block text-sm font-medium" htmlFor="key">
          API key
        </label>
        <div className="mt-1.5 flex gap-2">
          <input id="key" name="key" type="password" autoComplete="off" required placeholder="wfk_…" className="min-w-0 flex-1 rounded-lg border border-line bg-canvas px-3 py-2 font-mono text-sm" />
          <Button type="submit" look="brand">
            Sign in
          </Button>
        </div>
        <p className="mt-3 text-sm text-soft">
          The server prints a link that is already signed in when it starts; <code className="rounded bg-raised px-1.5 py-0.5 font-mono text-xs">wfd key create</code> makes another key.
        </p>
        {error && (
          <div className="mt-4">
            <Problem error={error} />
          </div>
        )}
      </form>
      <nav aria-label="The API" className="mt-6 flex gap-5 text-sm">
        {[
          ['/graphiql', 'GraphiQL'],
          ['/schema.graphqls', 'Schema'],
          ['/readyz', 'Health'],
        ].map(([href, name]) => (
          <a key={href} href={href} className="text-brand hover:underline">
            {name}
          </a>
        ))}
      </nav>
    </main>
  )
}

/** Shown for the moment that signing in takes, or for as long as the server does not answer. */
export function Splash({ text }: { text?: string }) {
  return (
    <main role="status" aria-label={text ?? 'Loading'} className="flex min-h-dvh flex-col items-center justify-center gap-4">
      <img src="/favicon.svg" alt="" className="size-12 animate-pulse" />
      {text && <p className="text-sm text-soft">{text}</p>}
    </main>
  )
}
