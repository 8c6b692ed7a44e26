import { useNow } from '../live/hooks'

const units: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
]

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'narrow' })
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' })

/** "5m ago", "in 2h", "now". */
export function ago(at: number, now: number): string {
  const seconds = Math.round((at - now) / 1000)
  for (const [unit, size] of units) {
    if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit)
  }
  return Math.abs(seconds) < 2 ? 'now' : relative.format(seconds, 'second')
}

/** "1h 5m", "3m 20s", "12s", "0.4s": two parts at most. */
export function lasting(milliseconds: number): string {
  const seconds = milliseconds / 1000
  if (milliseconds > 0 && seconds < 0.05) return '<0.1s'
  if (seconds < 10) return `${Math.round(seconds * 10) / 10}s`
  if (seconds < 60) return `${Math.round(seconds)}s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${Math.floor(seconds % 60)}s`
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}h ${Math.floor((seconds % 3600) / 60)}m`
  return `${Math.floor(seconds / 86_400)}d ${Math.floor((seconds % 86_400) / 3600)}h`
}

/** A moment as the time since or until, ticking; the exact one on hover. */
export function Ago({ at, className = '' }: { at: string; className?: string }) {
  const now = useNow(1000)
  const moment = new Date(at)
  return (
    <time dateTime={at} title={full.format(moment)} className={`whitespace-nowrap tabular-nums ${className}`}>
      {ago(moment.getTime(), now)}
    </time>
  )
}

/** How long something took, or has taken until now. */
export function Lasting({ from, to }: { from: string; to: string | null }) {
  const now = useNow(1000)
  return <span className="whitespace-nowrap tabular-nums">{lasting(Math.max(0, (to ? Date.parse(to) : now) - Date.parse(from)))}</span>
}
