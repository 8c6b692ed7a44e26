import { diffLines } from 'diff'
import type { KeyboardEvent } from 'react'

/** The value of a text that is JSON. */
export function parseJSON(text: string): { ok: true; value: unknown } | { ok: false } {
  try {
    return { ok: true, value: JSON.parse(text) }
  } catch {
    return { ok: false }
  }
}

type Props = { label: string; text: string; onChange: (text: string) => void; before: string; onKeyDown?: (event: KeyboardEvent) => void; autoFocus?: boolean }

/** JSON to edit, and beside it what is changed. */
export function JsonField({ label, text, onChange, before, ...rest }: Props) {
  const parsed = parseJSON(text)
  return (
    <div className="grid gap-3 sm:grid-cols-2">
      <label className="block min-w-0 text-sm font-medium">
        {label}
        <textarea
          value={text}
          onChange={(event) => onChange(event.target.value)}
          rows={Math.max(4, Math.min(16, text.split('\n').length + 1))}
          spellCheck={false}
          aria-invalid={!parsed.ok}
          className="mt-1.5 block w-full rounded-lg border border-line bg-canvas px-3 py-2 font-mono text-xs leading-5 font-normal aria-[invalid=true]:border-bad"
          {...rest}
        />
      </label>
      <Difference from={before} to={parsed.ok ? JSON.stringify(parsed.value, null, 2) : null} />
    </div>
  )
}

const marks = { added: ['+', 'bg-good/12 text-good'], removed: ['−', 'bg-bad/12 text-bad'], same: [' ', 'text-soft'] } as const

/** What the person has changed, line by line; null while it is not JSON. */
function Difference({ from, to }: { from: string; to: string | null }) {
  const parts = to === null ? [] : diffLines(from, to)
  const lines = parts.flatMap(({ added, removed, value }) => {
    const kind = added ? 'added' : removed ? 'removed' : 'same'
    return value.replace(/\n$/, '').split('\n').map((line) => ({ line, kind: marks[kind] }))
  })
  return (
    <div className="flex min-w-0 flex-col text-sm">
      <span className="font-medium">What you change</span>
      <pre role="region" aria-label="What you change" tabIndex={0} className="mt-1.5 min-h-9 flex-1 overflow-auto rounded-lg border border-line py-2 font-mono text-xs leading-5">
        {parts.every(({ added, removed }) => !added && !removed) ? (
          <span className="px-3 text-faint">{to === null ? 'Not JSON yet.' : 'Nothing yet.'}</span>
        ) : (
          lines.map(({ line, kind: [sign, style] }, index) => (
            <div key={index} className={`px-3 ${style}`}>
              {sign} {line}
            </div>
          ))
        )}
      </pre>
    </div>
  )
}
