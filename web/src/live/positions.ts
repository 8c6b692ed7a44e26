import { type Message, MessageType } from 'graphql-ws'

/**
 * Remembers how far each running subscription has come. A client that reconnects sends the variables it began with,
 * so without this the stream would start again from there.
 */
export class Positions {
  readonly #seen = new Map<string, string>()

  /** Takes note of a message from the server. */
  note(message: Message) {
    if (message.type === MessageType.Next) {
      const cursor = cursorOf(message.payload.data)
      if (cursor) this.#seen.set(message.id, cursor)
    }
    if (message.type === MessageType.Complete || message.type === MessageType.Error) this.#seen.delete(message.id)
  }

  /** Forgets a subscription that this side has ended. */
  forget(id: string) {
    this.#seen.delete(id)
  }

  /** What to send as `resume` in connection_init: the last cursor seen, by operation id. */
  resume(): Record<string, string> {
    return Object.fromEntries(this.#seen)
  }
}

/** The cursor of the event that a subscription delivered; undefined when the operation does not select it. */
export function cursorOf(data: unknown): string | undefined {
  if (!isRecord(data)) return undefined
  for (const event of Object.values(data)) {
    if (isRecord(event) && typeof event.cursor === 'string') return event.cursor
  }
  return undefined
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
