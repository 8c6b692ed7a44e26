import { useState } from 'react'
import { counted } from './count'

/** Any JSON as a tree that opens and closes; what is deep or long starts closed. */
export function Json({ value }: { value: unknown }) {
  return (
    <div className="overflow-x-auto rounded-lg bg-raised/60 p-3 font-mono text-xs leading-5">
      <Value value={value} depth={0} />
    </div>
  )
}

function Value({ value, depth }: { value: unknown; depth: number }) {
  if (typeof value !== 'object' || value === null) return <Leaf value={value} />
  const entries = Object.entries(value)
  if (entries.length === 0) return <span className="text-faint">{Array.isArray(value) ? '[]' : '{}'}</span>
  return <Branch entries={entries} isList={Array.isArray(value)} depth={depth} />
}

function Branch({ entries, isList, depth }: { entries: [string, unknown][]; isList: boolean; depth: number }) {
  const [open, setOpen] = useState(depth < 2 && entries.length <= 50)
  const [left, right] = isList ? '[]' : '{}'
  if (!open) {
    return (
      <button type="button" aria-expanded={false} onClick={() => setOpen(true)} className="rounded text-faint hover:text-ink">
        {left} {counted(entries.length, isList ? 'item' : 'field')} {right}
      </button>
    )
  }
  return (
    <>
      <button type="button" aria-expanded aria-label="Close" onClick={() => setOpen(false)} className="rounded text-faint hover:text-ink">
        {left}
      </button>
      <ul className="ml-1.5 border-l border-line pl-3">
        {entries.map(([name, value]) => (
          <li key={name}>
            {!isList && <span className="text-soft">{name}: </span>}
            <Value value={value} depth={depth + 1} />
          </li>
        ))}
      </ul>
      <span className="text-faint">{right}</span>
    </>
  )
}

function Leaf({ value }: { value: unknown }) {
  if (typeof value === 'string') return <span className="break-words whitespace-pre-wrap text-good">{JSON.stringify(value)}</span>
  if (value === null) return <span className="text-faint">null</span>
  return <span className="text-info">{String(value)}</span>
}
