import { useNavigate } from '@tanstack/react-router'
import { Search } from 'lucide-react'
import { type KeyboardEvent, useEffect, useLayoutEffect, useState, useSyncExternalStore } from 'react'
import { useQuery } from 'urql'
import { FindDocument, type FindQuery } from '../gql'
import { Cell } from '../live/connection'
import { useMaySteer, useSession } from '../live/hooks'
import { Key } from './controls'
import { Modal } from './dialog'
import { showShortcuts } from './shortcuts'
import { type Status, StatusIcon } from './status'
import { chooseTheme, themes } from './theme'

type Choice = { id: string; name: string; hint: string; status?: Status; run: () => void }

const shown = new Cell(false)

/** Opens it for who does not know the keys, or has none. */
export function PaletteButton() {
  return (
    <button type="button" onClick={() => shown.set(true)} aria-label="Find" className="flex items-center gap-2.5 rounded-lg p-2 text-sm text-soft hover:bg-raised hover:text-ink md:mb-3 md:w-full md:border md:border-line md:px-2 md:py-1.5">
      <Search size={17} aria-hidden />
      <span className="hidden flex-1 text-left md:block">Find</span>
      <span className="hidden gap-1 md:flex">
        <Key>Ctrl</Key>
        <Key>K</Key>
      </span>
    </button>
  )
}

/** Ctrl-K: find anything by name and go there. */
export function Palette() {
  const open = useSyncExternalStore(shown.subscribe, shown.get)
  useLayoutEffect(() => {
    const press = (event: globalThis.KeyboardEvent) => {
      if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey)) return
      event.preventDefault()
      shown.set(true)
    }
    addEventListener('keydown', press)
    return () => removeEventListener('keydown', press)
  }, [])
  return open && <Finder onClose={() => shown.set(false)} />
}

function Finder({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState('')
  const [place, setPlace] = useState(0)
  const choices = useChoices(text)
  const chosen = choices[Math.min(place, choices.length - 1)]
  const pick = (choice: Choice) => {
    onClose()
    choice.run()
  }
  const press = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step) {
      event.preventDefault()
      setPlace((Math.min(place, choices.length - 1) + step + choices.length) % Math.max(choices.length, 1))
    }
    if (event.key === 'Enter' && chosen) pick(chosen)
  }
  return (
    <Modal label="Find" onClose={onClose} className="mx-auto mt-[12vh] w-full max-w-xl overflow-hidden rounded-xl border shadow-2xl">
      <input
        autoFocus
        role="combobox"
        aria-label="Find"
        aria-expanded
        aria-controls="choices"
        aria-activedescendant={chosen && `choice-${chosen.id}`}
        value={text}
        onChange={(event) => {
          setText(event.target.value)
          setPlace(0)
        }}
        onKeyDown={press}
        placeholder="Find a workflow, a task or a screen"
        className="w-full border-b border-line bg-surface px-4 py-3 outline-none"
      />
      <ul id="choices" role="listbox" aria-label="Found" className="max-h-[50dvh] overflow-y-auto p-1.5">
        {choices.map((choice) => (
          <li
            key={choice.id}
            id={`choice-${choice.id}`}
            role="option"
            aria-selected={choice === chosen}
            onPointerMove={() => setPlace(choices.indexOf(choice))}
            onClick={() => pick(choice)}
            className="flex cursor-pointer items-center gap-3 rounded-lg px-3 py-2 text-sm aria-selected:bg-raised"
          >
            {choice.status && <StatusIcon status={choice.status} />}
            <span className="min-w-0 flex-1 truncate">{choice.name}</span>
            <span className="max-w-48 truncate text-xs text-faint">{choice.hint}</span>
          </li>
        ))}
      </ul>
      {choices.length === 0 && <p className="px-4 pb-4 text-sm text-soft">Nothing has this name.</p>}
    </Modal>
  )
}

function useChoices(text: string): Choice[] {
  const navigate = useNavigate()
  const { signOut } = useSession()
  const maySteer = useMaySteer()
  const sought = useSettled(text.trim(), 150)
  const [{ data }] = useQuery({ query: FindDocument, variables: { text: sought }, pause: sought === '' })
  const go = (to: string, name: string): Choice => ({ id: to, name, hint: 'Go to', run: () => void navigate({ to, search: {} }) })
  const places: Choice[] = [
    go('/', 'Overview'),
    go('/workflows', 'Workflows'),
    ...(maySteer ? [go('/workflows/new', 'New workflow')] : []),
    go('/inbox', 'Inbox'),
    go('/agents', 'Agents'),
    go('/activity', 'Activity'),
    go('/settings', 'Settings'),
    { id: 'graphiql', name: 'GraphiQL', hint: 'Open', run: () => location.assign('/graphiql') },
    ...themes.map((theme): Choice => ({ id: `theme-${theme}`, name: `Theme: ${theme === 'system' ? 'as the system' : theme}`, hint: 'Look', run: () => chooseTheme(theme) })),
    { id: 'keys', name: 'Keyboard shortcuts', hint: 'Show', run: showShortcuts },
    { id: 'sign-out', name: 'Sign out', hint: 'Session', run: signOut },
  ]
  const named = places.filter(({ name }) => name.toLowerCase().includes(text.trim().toLowerCase()))
  if (sought === '' || !data) return named
  return [...named, ...things(data, navigate)]
}

function things(data: FindQuery, navigate: ReturnType<typeof useNavigate>): Choice[] {
  const workflows = data.workflows.edges.map(({ node }) => ({
    ...node,
    hint: 'Workflow',
    run: () => void navigate({ to: '/workflows/$id', params: { id: node.id }, search: {} }),
  }))
  const tasks = data.tasks.edges.map(({ node }) => ({
    ...node,
    hint: node.workflow.name,
    run: () => void navigate({ to: '/workflows/$id', params: { id: node.workflow.id }, search: { task: node.id } }),
  }))
  return [...workflows, ...tasks]
}

/** A value once it has not changed for so many milliseconds. */
function useSettled<Value>(value: Value, milliseconds: number): Value {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), milliseconds)
    return () => clearTimeout(timer)
  }, [value, milliseconds])
  return settled
}
