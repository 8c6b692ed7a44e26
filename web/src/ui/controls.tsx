import type { LucideIcon } from 'lucide-react'
import type { ButtonHTMLAttributes, ReactNode } from 'react'

type ButtonProps = ButtonHTMLAttributes<HTMLButtonElement> & { look?: 'brand' | 'plain' | 'quiet' | 'danger'; Icon?: LucideIcon }

const looks = {
  brand: 'bg-brand text-on-brand border-transparent hover:brightness-110',
  plain: 'bg-surface border-line hover:bg-raised',
  quiet: 'border-transparent text-soft hover:bg-raised hover:text-ink',
  danger: 'bg-surface border-line text-bad hover:bg-raised',
}

/** Its paddings have no weight, so that those of a className count. */
export function Button({ look = 'plain', Icon, children, className = '', ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      className={`inline-flex items-center justify-center gap-1.5 rounded-lg border [:where(&)]:px-3 [:where(&)]:py-1.5 text-sm font-medium whitespace-nowrap transition disabled:pointer-events-none disabled:opacity-50 ${looks[look]} ${className}`}
      {...rest}
    >
      {Icon && <Icon size={15} aria-hidden />}
      {children}
    </button>
  )
}

/** The name of a key, as on the keyboard. */
export function Key({ children }: { children: ReactNode }) {
  return <kbd className="rounded border border-line bg-raised px-1.5 py-0.5 font-mono text-[0.6875rem] leading-none text-soft">{children}</kbd>
}

export function Panel({ title, aside, children, className = '' }: { title: ReactNode; aside?: ReactNode; children: ReactNode; className?: string }) {
  return (
    <section className={`flex min-w-0 flex-col overflow-hidden rounded-xl border border-line bg-surface ${className}`}>
      <header className="flex min-h-11 items-center gap-3 border-b border-line px-4 py-2">
        <h2 className="shrink-0 text-sm font-semibold">{title}</h2>
        {aside && <div className="ml-auto flex items-center gap-2 text-sm text-soft">{aside}</div>}
      </header>
      {children}
    </section>
  )
}

/** What an empty place says: that it is empty, and what would fill it. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="flex flex-col items-center gap-2 px-6 py-12 text-center">
      <p className="font-medium">{title}</p>
      {children && <div className="max-w-md text-sm text-soft">{children}</div>}
    </div>
  )
}

/** What an error says to people: a sentence, without the client's own prefix. */
export function sentenceOf(error: Error): string {
  const text = error.message.replace(/^\[\w+\] /, '')
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** What went wrong, and a way to try again. */
export function Problem({ error, retry }: { error: Error; retry?: () => void }) {
  return (
    <div role="alert" className="flex flex-wrap items-center gap-3 rounded-lg border border-bad/40 bg-bad/8 px-4 py-3 text-sm">
      <span className="min-w-0 flex-1">{sentenceOf(error)}</span>
      {retry && <Button onClick={retry}>Try again</Button>}
    </div>
  )
}

/** Keeps the place of what is on its way. */
export function Loading({ rows = 3 }: { rows?: number }) {
  return (
    <div role="status" aria-label="Loading" className="space-y-3 p-4">
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className="h-4 animate-pulse rounded bg-raised" style={{ width: `${90 - row * 17}%` }} />
      ))}
    </div>
  )
}
