import { useConnection, useNow } from '../live/hooks'
import type { Connection } from '../live/connection'
import { counted } from './count'
import { type Tone, toneFill } from './status'

type Words = { tone: Tone; text: string; pulse?: boolean }

/** What the badge says of a connection. */
export function badgeOf(connection: Connection, now: number): Words {
  switch (connection.state) {
    case 'connecting':
      return { tone: 'warn', text: 'Connecting', pulse: true }
    case 'live':
      return { tone: 'good', text: connection.caughtUp === null ? 'Live' : `Resumed, ${counted(connection.caughtUp, 'event')} caught up` }
    case 'waiting': {
      const seconds = Math.ceil((connection.retryAt - now) / 1000)
      return { tone: 'warn', text: seconds > 0 ? `Offline, retry in ${seconds}s` : 'Reconnecting', pulse: true }
    }
    case 'refused':
      return { tone: 'bad', text: 'Refused' }
  }
}

/** How the live stream stands, always in sight. */
export function ConnectionBadge() {
  const { tone, text, pulse } = badgeOf(useConnection(), useNow(500))
  return (
    <span role="status" aria-label="Connection" className="inline-flex items-center gap-2 text-xs font-medium whitespace-nowrap text-soft">
      <span className={`size-2 rounded-full ${toneFill[tone]} ${pulse ? 'animate-pulse' : ''}`} />
      {text}
    </span>
  )
}

/** Says that what is shown may be old, as long as the stream is interrupted. */
export function StaleNotice() {
  const connection = useConnection()
  const now = useNow(1000)
  if (connection.state === 'refused') {
    return <Strip text={`The live stream has ended: ${connection.problem} What you see no longer moves.`} />
  }
  if (connection.state !== 'waiting' || now - connection.since < 3000) return null
  return <Strip text={`No connection since ${clock.format(connection.since)}. What you see is as it was then.`} />
}

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' })

function Strip({ text }: { text: string }) {
  return (
    <p role="alert" className="border-b border-warn/40 bg-warn/10 px-4 py-2 text-center text-sm">
      {text}
    </p>
  )
}
