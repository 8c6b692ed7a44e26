type Versioned = { id: string; version: number }

/**
 * Knows the newest version of everything that was ever received. An event carries its thing as it was then, so one that
 * arrives after a newer answer would turn the screen back for a moment.
 */
export class Versions {
  readonly #newest = new Map<string, number>()

  /** Takes note of everything versioned in an answer, however deep. */
  note(data: unknown) {
    if (Array.isArray(data)) data.forEach((item) => this.note(item))
    else if (typeof data === 'object' && data !== null) {
      if (isVersioned(data)) this.#raise(data)
      Object.values(data).forEach((value) => this.note(value))
    }
  }

  /** Takes note of one thing, and tells whether it is at least as new as all that came before. */
  accept(thing: Versioned): boolean {
    return thing.version >= this.#raise(thing)
  }

  #raise({ id, version }: Versioned): number {
    const newest = Math.max(version, this.#newest.get(id) ?? 0)
    this.#newest.set(id, newest)
    return newest
  }
}

function isVersioned(value: object): value is Versioned {
  return 'id' in value && 'version' in value && typeof value.id === 'string' && typeof value.version === 'number'
}
