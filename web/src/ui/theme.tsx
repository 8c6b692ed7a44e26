import { Monitor, Moon, Sun } from 'lucide-react'
import { useSyncExternalStore } from 'react'
import { Cell } from '../live/connection'

const storageKey = 'wfd.theme'
export const themes = ['system', 'light', 'dark'] as const
type Theme = (typeof themes)[number]

const icons = { system: Monitor, light: Sun, dark: Moon }

const chosen = new Cell<Theme>(themes.find((theme) => theme === localStorage.getItem(storageKey)) ?? 'system')

/** Shows the theme that this person chose before. */
export function applyTheme() {
  const theme = chosen.get()
  document.documentElement.style.colorScheme = theme === 'system' ? '' : theme
}

/** Shows a theme, now and whenever this person comes again. */
export function chooseTheme(theme: Theme) {
  localStorage.setItem(storageKey, theme)
  chosen.set(theme)
  applyTheme()
}

/** Goes round: as the system, light, dark. */
export function ThemeButton() {
  const theme = useSyncExternalStore(chosen.subscribe, chosen.get)
  const next = themes[(themes.indexOf(theme) + 1) % themes.length]!
  const Icon = icons[theme]
  return (
    <button type="button" onClick={() => chooseTheme(next)} aria-label={`Theme: ${theme}. Change to ${next}`} title={`Theme: ${theme}`} className="rounded-md p-1.5 text-soft hover:bg-raised hover:text-ink">
      <Icon size={16} aria-hidden />
    </button>
  )
}
