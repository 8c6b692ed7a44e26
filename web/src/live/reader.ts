import { type AnyVariables, type Client, createRequest, type Exchange, type TypedDocumentNode } from '@urql/core'
import { pipe, tap } from 'wonka'

/**
 * Reads again what a screen shows. The client takes what is asked for twice at a time as one question; but the answer that
 * is on its way may have been given before that happened for which somebody asks now. So it is then asked once more behind it.
 */
export class Reader {
  readonly #underWay = new Set<number>()
  readonly #again = new Map<number, () => void>()

  /** Takes note of what leaves for the server and of what comes from there; it stands behind the cache. */
  readonly exchange: Exchange = ({ forward }) => (operations) =>
    pipe(
      operations,
      tap(({ kind, key }) => {
        if (kind === 'query') this.#underWay.add(key)
        if (kind === 'teardown') this.#end(key) // nobody shows it any more
      }),
      forward,
      tap(({ operation: { kind, key } }) => {
        if (kind === 'query') this.#end(key)?.()
      }),
    )

  /** Has the server answer a query as of now; whoever shows it is told. */
  readonly read = <Data, Variables extends AnyVariables>(client: Client, query: TypedDocumentNode<Data, Variables>, variables: Variables) => {
    const request = createRequest(query, variables)
    const ask = () => void client.executeQuery(request, { requestPolicy: 'network-only' }).toPromise()
    if (this.#underWay.has(request.key)) this.#again.set(request.key, ask)
    else ask()
  }

  /** Forgets a question; answers what asks it once more, when somebody wanted that meanwhile. */
  #end(key: number): (() => void) | undefined {
    this.#underWay.delete(key)
    const again = this.#again.get(key)
    this.#again.delete(key)
    return again && (() => queueMicrotask(again)) // the client has to hear of the answer first
  }
}
