import './style.css'
import { createRoot } from 'react-dom/client'
import { Landing } from './landing'
import { takeKeyFromAddress } from './session'

takeKeyFromAddress()
createRoot(document.getElementById('root')!).render(<Landing />)
