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

/** Asks for a text once the typing pauses. What it has asked for itself comes back as its value, later than the next letter may. */
export function FindField({ label, value, onChange }: { label: string; value: string; onChange: (text: string) => void }) {
  const [text, setText] = useState(value)
  const asked = useRef([value]) // the last one that came back, and behind it what has not yet
  const latest = useRef(onChange)
  useEffect(() => {
    latest.current = onChange
  })
  useEffect(() => {
    const at = asked.current.indexOf(value)
    asked.current = at < 0 ? [value] : asked.current.slice(at)
    if (at < 0) setText(value)
  }, [value])
  useEffect(() => {
    if (text === asked.current.at(-1)) return
    const timer = setTimeout(() => {
      asked.current.push(text)
      latest.current(text)
    }, 250)
    return () => clearTimeout(timer)
  }, [text])
  return (
    <label className="relative w-full sm:w-64">
      <span className="sr-only">{label}</span>
      <Search size={15} aria-hidden className="absolute top-1/2 left-3 -translate-y-1/2 text-faint" />
      <input type="search" value={text} onChange={(event) => setText(event.target.value)} placeholder={label} className="w-full rounded-lg border border-line bg-surface py-1.5 pr-3 pl-9 text-sm" />
    </label>
  )
}
