import { useNavigate } from '@tanstack/react-router'
import { useLayoutEffect, useRef, useSyncExternalStore } from 'react'
import { Cell } from '../live/connection'
import { Key } from './controls'
import { Modal } from './dialog'

const storageKey = 'wfd.shortcuts'

// Single keys get in the way of speech input and of slips, so they can be switched off.
const enabled = new Cell(localStorage.getItem(storageKey) !== 'off')

type Keys = Record<string, () => void>

const layers = new Set<() => Keys>()

/** Runs what belongs to a single key, from when its screen shows, unless somebody is typing, a dialog is open, or single keys are switched off. */
export function useShortcuts(keys: Keys) {
  const latest = useRef(keys)
  useLayoutEffect(() => {
    latest.current = keys
  })
  useLayoutEffect(() => {
    const layer = () => latest.current
    layers.add(layer)
    return () => void layers.delete(layer)
  }, [])
}

const isField = (target: EventTarget | null): target is HTMLElement => target instanceof HTMLElement && target.matches(':read-write')

/**
 * Knows when a field has gone away under somebody who types in it. What they type next reaches the page, and would be taken
 * for single keys. So those wait until the person leaves the field that is gone: with a key that ends typing, or by pointing at
 * something, focusing it or going back.
 */
class Typing {
  #field: HTMLElement | null = null

  /** Takes note of what was focused or clicked. */
  readonly note = ({ target }: Event) => void (this.#field = isField(target) ? target : null)

  /** Whether a key was meant for a field that is no longer there. */
  goesAstray({ target, key }: KeyboardEvent): boolean {
    const astray = this.#field !== null && !isField(target)
    const ends = key === 'Escape' || key === 'Enter' || key === 'Tab'
    if (ends) this.#field = null
    else if (isField(target)) this.#field = target
    return astray
  }
}

function isTaken(event: KeyboardEvent): boolean {
  const typing = event.target instanceof HTMLElement && event.target.closest('input, textarea, select, dialog')
  return typing !== null || event.ctrlKey || event.metaKey || event.altKey || event.repeat
}

const sheetShown = new Cell(false)

/** Shows what the keys do. */
export const showShortcuts = () => sheetShown.set(true)

const screens = { o: '/', w: '/workflows', i: '/inbox', a: '/agents', l: '/activity', s: '/settings' } as const

const leaving = ['focusin', 'click', 'popstate']

/** How long after g the second key may come. */
const leaderLasts = 1200

/** Listens for all keys. After g the next key leads to a screen, and means nothing else. */
export function Shortcuts() {
  const navigate = useNavigate()
  const shown = useSyncExternalStore(sheetShown.subscribe, sheetShown.get)
  useShortcuts({ '?': showShortcuts })
  useLayoutEffect(() => {
    let ledUntil = 0
    const typing = new Typing()
    const press = (event: KeyboardEvent) => {
      if (typing.goesAstray(event) || !enabled.get() || isTaken(event)) return
      const led = Date.now() < ledUntil
      ledUntil = event.key === 'g' ? Date.now() + leaderLasts : 0
      const run = led ? toScreen(event.key) : [...layers].map((layer) => layer()[event.key]).find((run) => run !== undefined)
      if (!run) return
      event.preventDefault()
      run()
    }
    const toScreen = (key: string) => {
      const to = Object.entries(screens).find(([letter]) => letter === key)?.[1]
      return to && (() => void navigate({ to, search: {} }))
    }
    addEventListener('keydown', press)
    for (const type of leaving) addEventListener(type, typing.note)
    return () => {
      removeEventListener('keydown', press)
      for (const type of leaving) removeEventListener(type, typing.note)
    }
  }, [navigate])
  return shown && <Sheet onClose={() => sheetShown.set(false)} />
}

const sheet: [string, [string[], string][]][] = [
  [
    'Everywhere',
    [
      [['Ctrl', 'K'], 'Find a workflow, a task or a screen'],
      [['G', 'O'], 'Overview'],
      [['G', 'W'], 'Workflows'],
      [['G', 'I'], 'Inbox'],
      [['G', 'A'], 'Agents'],
      [['G', 'L'], 'Activity'],
      [['G', 'S'], 'Settings'],
      [['?'], 'These keys'],
      [['Esc'], 'Close what is open'],
    ],
  ],
  [
    'Inbox',
    [
      [['J'], 'The next one'],
      [['K'], 'The one before'],
      [['A'], 'Approve, or answer'],
      [['M'], 'Change and approve'],
      [['R'], 'Reject'],
      [['X'], 'Select'],
      [['Shift', 'X'], 'Select all'],
      [['Z'], 'Take back'],
    ],
  ],
  [
    'Board',
    [
      [['Space'], 'Take a card, put it down'],
      [['←', '→'], 'Where it may go'],
      [['Esc'], 'Leave it where it was'],
    ],
  ],
]

function Sheet({ onClose }: { onClose: () => void }) {
  return (
    <Modal label="Keyboard shortcuts" onClose={onClose} className="m-auto w-full max-w-lg rounded-xl border p-5 shadow-2xl">
      <h2 className="font-semibold">Keyboard shortcuts</h2>
      <div className="mt-4 grid gap-6 sm:grid-cols-2">
        {sheet.map(([title, keys]) => (
          <section key={title}>
            <h3 className="mb-2 text-sm text-faint">{title}</h3>
            <dl className="space-y-1.5 text-sm">
              {keys.map(([names, meaning]) => (
                <div key={meaning} className="flex items-center justify-between gap-3">
                  <dt>{meaning}</dt>
                  <dd className="flex gap-1">
                    {names.map((name) => (
                      <Key key={name}>{name}</Key>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <Switch />
    </Modal>
  )
}

function Switch() {
  const on = useSyncExternalStore(enabled.subscribe, enabled.get)
  const change = (on: boolean) => {
    localStorage.setItem(storageKey, on ? 'on' : 'off')
    enabled.set(on)
  }
  return (
    <label className="mt-5 flex items-center gap-2 border-t border-line pt-4 text-sm">
      <input type="checkbox" checked={on} onChange={(event) => change(event.target.checked)} className="size-4 accent-brand" />
      Single keys do something
    </label>
  )
}
