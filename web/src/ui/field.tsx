import { type InputHTMLAttributes, type ReactNode, type SelectHTMLAttributes, useId } from 'react'

const box = 'block w-full rounded-lg border border-line bg-canvas px-3 py-1.5 text-sm aria-[invalid=true]:border-bad'

type Shared = { label: string; hint?: string; problem?: string | undefined }

/** A line of text with its name, and what the server says of it. */
export function TextField({ label, hint, problem, id: given, ...rest }: Shared & InputHTMLAttributes<HTMLInputElement>) {
  const made = useId()
  const id = given ?? made
  return (
    <Framed id={id} label={label} problem={problem}>
      <input id={id} aria-invalid={problem !== undefined} aria-describedby={`${id}-problem`} autoComplete="off" placeholder={hint} className={box} {...rest} />
    </Framed>
  )
}

/** One of a few, with its name. */
export function ChoiceField({ label, problem, children, ...rest }: Shared & SelectHTMLAttributes<HTMLSelectElement>) {
  const id = useId()
  return (
    <Framed id={id} label={label} problem={problem}>
      <select id={id} className={box} {...rest}>
        {children}
      </select>
    </Framed>
  )
}

function Framed({ id, label, problem, children }: { id: string; label: string; problem: string | undefined; children: ReactNode }) {
  return (
    <div>
      <label htmlFor={id} className="mb-1 block text-sm font-medium">
        {label}
      </label>
      {children}
      <p id={`${id}-problem`} className="mt-1 text-sm text-bad empty:hidden">
        {problem}
      </p>
    </div>
  )
}
