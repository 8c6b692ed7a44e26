import { X } from 'lucide-react'
import { useSyncExternalStore } from 'react'
import { Cell } from '../live/connection'
import { sentenceOf } from './controls'

type Toast = { id: number; text: string; bad: boolean; undo?: () => void }

const toasts = new Cell<Toast[]>([])
let last = 0

/** How long a message stays. */
export const toastLasts = 6000

/** Says something in passing; with `undo` it offers to take it back. Returns what removes it early. */
export function toast(text: string, { bad = false, undo }: { bad?: boolean; undo?: () => void } = {}): () => void {
  const id = ++last
  const remove = () => toasts.set(toasts.get().filter((toast) => toast.id !== id))
  toasts.set([...toasts.get(), { id, text, bad, ...(undo && { undo }) }])
  setTimeout(remove, toastLasts)
  return remove
}

/** Says that something went wrong, in the server's words. */
export function complain(error: Error) {
  toast(sentenceOf(error), { bad: true })
}

export function Toasts() {
  const shown = useSyncExternalStore(toasts.subscribe, toasts.get)
  return (
    <div role="log" aria-live="polite" className="pointer-events-none fixed inset-x-4 bottom-36 z-50 flex flex-col items-center gap-2 md:bottom-20">
      {shown.map(({ id, text, bad, undo }) => (
        <div key={id} className={`pointer-events-auto flex max-w-[min(100%,32rem)] items-center gap-3 rounded-xl border bg-surface px-4 py-2.5 text-sm shadow-lg ${bad ? 'border-bad/50' : 'border-line'}`}>
          <span className={`min-w-0 wrap-anywhere ${bad ? 'text-bad' : ''}`}>{text}</span>
          {undo && (
            <button type="button" onClick={undo} className="font-medium text-brand hover:underline">
              Undo
            </button>
          )}
          <button type="button" aria-label="Dismiss" onClick={() => toasts.set(toasts.get().filter((toast) => toast.id !== id))} className="text-faint hover:text-ink">
            <X size={15} aria-hidden />
          </button>
        </div>
      ))}
    </div>
  )
}
