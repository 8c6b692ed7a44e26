import './style.css'
import { createRoot } from 'react-dom/client'
import { App } from './app'
import { router } from './router'
import { takeKeyFromAddress } from './session'
import { applyTheme } from './ui/theme'

const problem = takeKeyFromAddress()
applyTheme()
void router.load() // the screen's own code comes while the session begins
createRoot(document.getElementById('root')!).render(<App problem={problem} />)
