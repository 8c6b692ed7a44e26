import './style.css'
import { createRoot } from 'react-dom/client'
import { App } from './app'
import { takeKeyFromAddress } from './session'
import { applyTheme } from './ui/theme'

takeKeyFromAddress()
applyTheme()
createRoot(document.getElementById('root')!).render(<App />)
