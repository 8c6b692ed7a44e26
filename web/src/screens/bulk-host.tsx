import { lazy, Suspense, useEffect, useSyncExternalStore } from 'react'
import { Cell } from '../live/connection'
import type { BulkOrder } from './bulk-dialog'

const BulkDialog = lazy(() => import('./bulk-dialog'))

type Asked = BulkOrder & { onDone?: () => void }

const asked = new Cell<Asked | null>(null)

/** Asks whether something is to be done with many things, and does it; `onDone` is called once that is closed, if any was touched. */
export function askBulk(order: Asked) {
  asked.set(order)
}

/** Where that is asked: above all screens, because what is done may empty the very list from which it was asked. */
export function BulkHost() {
  const order = useSyncExternalStore(asked.subscribe, asked.get)
  useEffect(() => () => asked.set(null), [])
  const close = (done: boolean) => {
    asked.set(null)
    if (done) order?.onDone?.()
  }
  return (
    <Suspense>
      {order && <BulkDialog {...order} onClose={close} />}
    </Suspense>
  )
}
