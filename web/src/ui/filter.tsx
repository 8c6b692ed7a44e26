import { Search } from 'lucide-react'
import { type ReactNode, useEffect, useRef, useState } from 'react'

type FilterProps<Value extends string> = {
  legend: string
  values: readonly Value[]
  names: Record<Value, ReactNode>
  chosen: readonly Value[]
  onToggle: (value: Value) => void
}

/** Some values of which any may be pressed. */
export function Filter<Value extends string>({ legend, values, names, chosen, onToggle }: FilterProps<Value>) {
  return (
    <fieldset className="flex flex-wrap gap-1.5">
      <legend className="sr-only">{legend}</legend>
      {values.map((value) => (
        <button
          key={value}
          type="button"
          aria-pressed={chosen.includes(value)}
          onClick={() => onToggle(value)}
          className="inline-flex items-center gap-1.5 rounded-full border border-line bg-surface px-3 py-1.5 text-sm text-soft hover:text-ink aria-pressed:border-brand aria-pressed:bg-brand/10 aria-pressed:text-ink"
        >
          {names[value]}
        </button>
      ))}
    </fieldset>
  )
}

/** Asks for a text once the typing pauses. */
export function FindField({ label, value, onChange }: { label: string; value: string; onChange: (text: string) => void }) {
  const [text, setText] = useState(value)
  const latest = useRef(onChange)
  useEffect(() => {
    latest.current = onChange
  })
  useEffect(() => setText(value), [value])
  useEffect(() => {
    if (text === value) return
    const timer = setTimeout(() => latest.current(text), 250)
    return () => clearTimeout(timer)
  }, [text, value])
  return (
    <label className="relative w-full sm:w-64">
      <span className="sr-only">{label}</span>
      <Search size={15} aria-hidden className="absolute top-1/2 left-3 -translate-y-1/2 text-faint" />
      <input type="search" value={text} onChange={(event) => setText(event.target.value)} placeholder={label} className="w-full rounded-lg border border-line bg-surface py-1.5 pr-3 pl-9 text-sm" />
    </label>
  )
}
