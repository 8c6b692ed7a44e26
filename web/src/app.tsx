import { RouterProvider } from '@tanstack/react-router'
import { CombinedError } from '@urql/core'
import { useEffect, useMemo, useState } from 'react'
import { Provider } from 'urql'
import { LogoutDocument } from './gql'
import { type Session, SessionContext } from './live/hooks'
import { createLiveSession } from './live/session'
import { router } from './router'
import { outboxOf } from './screens/undo-bar'
import { requestOptions, sessionKey, setSessionKey } from './session'
import { SignIn, Splash } from './ui/sign-in'
import { complain } from './ui/toast'

/** Asks for a key, then shows the dashboard for as long as the server accepts it. `problem` is why an address signed nobody in. */
export function App({ problem }: { problem: string | null }) {
  const [key, setKey] = useState(sessionKey)
  // Grows when the stream cannot go on where it stopped: all is then read anew.
  const [life, setLife] = useState(0)
  const sign = (key: string | null) => {
    setSessionKey(key)
    setKey(key)
  }
  const [refused] = useState(() => problem === null ? undefined : new Error(problem))
  useEffect(() => {
    if (refused && key !== null) complain(refused)
  }, [refused])
  if (key === null) return <SignIn onKey={sign} {...(refused && { error: refused })} />
  return <SignedIn key={`${key} ${life}`} onSign={sign} onLost={() => setLife(life + 1)} />
}

type Beginning = { session: Session } | { error: Error } | { unreachable: true } | null

/** How long to wait before asking a server again that did not answer. */
const retryAfter = 3000

function SignedIn({ onSign, onLost }: { onSign: (key: string | null) => void; onLost: () => void }) {
  const [beginning, setBeginning] = useState<Beginning>(null)
  const live = useMemo(() => createLiveSession(onLost), []) // onLost remounts this component
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const begin = () =>
      live.start().then(
        (started) => setBeginning({ session: { ...live, ...started, signOut } }),
        (error: Error) => {
          if (!isUnreachable(error)) return setBeginning({ error })
          setBeginning({ unreachable: true })
          timer = setTimeout(begin, retryAfter)
        },
      )
    /** What was decided is sent first. Then the page asks for nothing more: it would be refused, once the session has ended. */
    const signOut = async () => {
      await outboxOf(live.client).flush()
      void live.client.mutation(LogoutDocument, {}, { fetchOptions: { ...requestOptions(), keepalive: true } }).toPromise()
      onSign(null)
    }
    void begin()
    return () => {
      clearTimeout(timer)
      live.stop()
    }
  }, [live])
  if (beginning === null) return <Splash />
  if ('unreachable' in beginning) return <Splash text="The server does not answer. Trying again…" />
  if ('error' in beginning) return <SignIn onKey={onSign} error={beginning.error} />
  return (
    <Provider value={live.client}>
      <SessionContext value={beginning.session}>
        <RouterProvider router={router} />
      </SessionContext>
    </Provider>
  )
}

/** Whether the server was not reached at all, or could not say what is wrong: the key may well be good. */
function isUnreachable(error: Error): boolean {
  return error instanceof CombinedError && error.networkError !== undefined
}
