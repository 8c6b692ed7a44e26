/** How the live stream stands. */
export type Connection =
  | { state: 'connecting' }
  | { state: 'live'; caughtUp: number | null }
  | { state: 'waiting'; since: number; retryAt: number }
  | { state: 'refused'; problem: string }

/** A value that components can watch with useSyncExternalStore. */
export class Cell<Value> {
  #value: Value
  readonly #listeners = new Set<() => void>()

  constructor(value: Value) {
    this.#value = value
  }

  readonly get = () => this.#value

  readonly set = (value: Value) => {
    this.#value = value
    this.#listeners.forEach((listener) => listener())
  }

  readonly subscribe = (listener: () => void) => {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }
}
