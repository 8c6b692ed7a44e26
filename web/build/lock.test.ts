import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

type Lock = { packages: Record<string, { optionalDependencies?: Record<string, string> }> }

const lock: Lock = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8'))

// A lock made while a platform's package was missing from the registry leaves that platform's users without a binary.
it('locks every optional package, for the platforms of other people too', () => {
  const missing = Object.entries(lock.packages).flatMap(([from, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter((name) => !isLocked(from, name)).map((name) => `${from} needs ${name}`),
  )
  expect(missing).toEqual([])
})

/** Looks for a package as Node does: beside its user, then further and further up. */
function isLocked(from: string, name: string): boolean {
  if (lock.packages[`${from}${from && '/'}node_modules/${name}`]) return true
  if (from === '') return false
  return isLocked(from.slice(0, Math.max(from.lastIndexOf('/node_modules/'), 0)), name)
}
