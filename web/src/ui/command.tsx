import { Check, Copy } from 'lucide-react'
import { useState } from 'react'

/** A command to type into a shell, or an id to name somewhere else: to be copied. */
export function Command({ children }: { children: string }) {
  const [copied, setCopied] = useState(false)
  const copy = () => navigator.clipboard.writeText(children).then(() => setCopied(true), () => setCopied(false))
  return (
    <span className="inline-flex items-center gap-1 rounded-lg border border-line bg-raised py-1 pr-1 pl-2.5">
      <code className="font-mono text-xs text-ink">{children}</code>
      <button type="button" aria-label={copied ? 'Copied' : `Copy ${children}`} onClick={copy} className="rounded p-1 text-faint hover:text-ink">
        {copied ? <Check size={13} aria-hidden /> : <Copy size={13} aria-hidden />}
      </button>
    </span>
  )
}

/** How to fill an empty server with something to look at. */
export function StartDemonstration() {
  return (
    <span className="mt-2 flex flex-wrap items-center justify-center gap-2">
      Start a demonstration: <Command>wfd demo</Command>
    </span>
  )
}
