import { useState } from 'react'

/** A value that this browser keeps. `read` makes sense of what was kept, by this version of the page or by an older one. */
export function useStored<Value>(key: string, read: (kept: unknown) => Value): [Value, (value: Value) => void] {
  const [value, setValue] = useState(() => read(keptAs(key)))
  const set = (value: Value) => {
    localStorage.setItem(key, JSON.stringify(value))
    setValue(value)
  }
  return [value, set]
}

function keptAs(key: string): unknown {
  try {
    return JSON.parse(localStorage.getItem(key) ?? 'null')
  } catch {
    return null
  }
}
