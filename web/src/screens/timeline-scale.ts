export type Span = { from: number; to: number }

type Lasting = { claimedAt: string; finishedAt: string | null }

/** How long a task that nobody holds has been waiting for a person: since its last attempt was suspended. */
export function waitOf({ status, attempts }: { status: string; attempts: Lasting[] }): Lasting | null {
  const since = attempts.at(-1)?.finishedAt
  return status === 'AWAITING_APPROVAL' && since ? { claimedAt: since, finishedAt: null } : null
}

/** From the first beginning to the last end; what has not ended lasts until now. Null when nothing has begun. */
export function extentOf(attempts: Lasting[], now: number): Span | null {
  if (attempts.length === 0) return null
  const from = Math.min(...attempts.map(({ claimedAt }) => Date.parse(claimedAt)))
  const to = Math.max(...attempts.map(({ finishedAt }) => (finishedAt ? Date.parse(finishedAt) : now)))
  return { from, to: Math.max(to, from + 1000) }
}

/** Where a span lies within a longer one, in percent; never too thin to see. */
export function placeOf(span: Span, { from, to }: Span): { left: number; width: number } {
  const left = (100 * (span.from - from)) / (to - from)
  const width = Math.max((100 * (span.to - span.from)) / (to - from), 0.4)
  return { left: Math.min(left, 100 - width), width }
}

const steps = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21_600, 43_200, 86_400, 604_800].map((seconds) => seconds * 1000)

/** Round moments to draw lines at, counted from the beginning: five or so. */
export function ticksOf({ from, to }: Span): number[] {
  const step = steps.find((step) => (to - from) / step <= 6) ?? (to - from) / 5
  return Array.from({ length: Math.floor((to - from) / step) }, (_, n) => (n + 1) * step)
}
