import { createClient, fetchExchange } from '@urql/core'
import { type FormEvent, type MouseEvent, useEffect, useState } from 'react'
import { LoginDocument, SignInWaysDocument, type SignInWaysQuery } from '../gql'
import { rememberNonce } from '../session'
import { Button, Loading, Problem } from './controls'
import { TextField } from './field'

/** Asks what strangers may ask: how to sign in, and for that. */
const stranger = createClient({ url: '/graphql', preferGetMethod: false, exchanges: [fetchExchange] })

type Props = { onKey: (key: string | null) => void; error?: Error }

/** The way in for who has no signed link: an account, the organisation's own sign-in, or a key. */
export function SignIn({ onKey, error }: Props) {
  const ways = useWays()
  const [withKey, setWithKey] = useState(false)
  const [problem, setProblem] = useState(error)
  const enter = (key: string) => {
    onKey(null) // so that the same key, tried again, is a change
    queueMicrotask(() => onKey(key))
  }
  const password = ways?.password && !withKey
  const begin = ({ currentTarget: link }: MouseEvent<HTMLAnchorElement>) => void (link.href = `${ways?.openIdConnectUrl}?nonce=${rememberNonce()}`)
  return (
    <main className="mx-auto flex min-h-dvh max-w-md flex-col justify-center px-5 py-10">
      <img src="/favicon.svg" alt="" className="size-11" />
      <h1 className="mt-5 text-2xl font-semibold tracking-tight">Workflow Factory</h1>
      <p className="mt-1 text-soft">See, steer and answer for the agents that work for you.</p>
      <div className="mt-8 rounded-xl border border-line bg-surface p-5">
        {ways?.openIdConnectUrl && (
          <a href={ways.openIdConnectUrl} onClick={begin} onAuxClick={begin} className="mb-4 block rounded-lg bg-brand px-3 py-2 text-center text-sm font-medium text-on-brand hover:brightness-110">
            Sign in with your organisation
          </a>
        )}
        {!ways ? <Loading rows={2} /> : password ? <WithPassword onToken={enter} onProblem={setProblem} /> : <WithKey onKey={enter} />}
        {problem && (
          <div className="mt-4">
            <Problem error={problem} />
          </div>
        )}
        {ways?.password && (
          <button type="button" onClick={() => setWithKey(!withKey)} className="mt-4 text-sm text-brand hover:underline">
            {withKey ? 'Sign in with email and password' : 'Use an API key instead'}
          </button>
        )}
      </div>
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

type Ways = SignInWaysQuery['signInOptions']

/** A key is always a way. */
const keyOnly: Ways = { password: false, openIdConnectUrl: null }

/** Undefined until the server has told. */
function useWays() {
  const [ways, setWays] = useState<Ways>()
  useEffect(() => {
    void stranger.query(SignInWaysDocument, {}).then(({ data }) => setWays(data?.signInOptions ?? keyOnly))
  }, [])
  return ways
}

function WithPassword({ onToken, onProblem }: { onToken: (token: string) => void; onProblem: (problem: Error | undefined) => void }) {
  const [busy, setBusy] = useState(false)
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    setBusy(true)
    onProblem(undefined)
    const { data, error } = await stranger.mutation(LoginDocument, { email: String(form.get('email')).trim(), password: String(form.get('password')) })
    setBusy(false)
    if (data?.login) onToken(data.login.token)
    else onProblem(error ?? new Error('The server did not answer.'))
  }
  return (
    <form onSubmit={submit} className="space-y-4">
      <TextField label="Email" name="email" type="email" required autoFocus autoComplete="username" />
      <TextField label="Password" name="password" type="password" required autoComplete="current-password" />
      <Button type="submit" look="brand" disabled={busy} className="w-full py-2">
        Sign in
      </Button>
    </form>
  )
}

function WithKey({ onKey }: { onKey: (key: string) => void }) {
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const key = String(new FormData(event.currentTarget).get('key')).trim()
    if (key) onKey(key)
  }
  return (
    <form onSubmit={submit}>
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
    </form>
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
