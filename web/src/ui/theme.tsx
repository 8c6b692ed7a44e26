import { Monitor, Moon, Sun } from 'lucide-react'
import { useState } from 'react'

const storageKey = 'wfd.theme'
const themes = ['system', 'light', 'dark'] as const
type Theme = (typeof themes)[number]

const icons = { system: Monitor, light: Sun, dark: Moon }

function chosenTheme(): Theme {
  return themes.find((theme) => theme === localStorage.getItem(storageKey)) ?? 'system'
}

/** Shows the theme that this person chose before. */
export function applyTheme(theme: Theme = chosenTheme()) {
  document.documentElement.style.colorScheme = theme === 'system' ? '' : theme
}

/** Goes round: as the system, light, dark. */
export function ThemeButton() {
  const [theme, setTheme] = useState(chosenTheme)
  const next = themes[(themes.indexOf(theme) + 1) % themes.length]!
  const Icon = icons[theme]
  const choose = () => {
    localStorage.setItem(storageKey, next)
    applyTheme(next)
    setTheme(next)
  }
  return (
    <button type="button" onClick={choose} aria-label={`Theme: ${theme}. Change to ${next}`} title={`Theme: ${theme}`} className="rounded-md p-1.5 text-soft hover:bg-raised hover:text-ink">
      <Icon size={16} aria-hidden />
    </button>
  )
}
