import { createGraphiQLFetcher, type Fetcher, type FetcherParams } from '@graphiql/toolkit'
import { type DocumentNode, getOperationAST, GraphQLError, parse } from 'graphql'
import { createSocket } from '../live/socket'

/** Sends queries and mutations by POST and subscriptions over a socket, both to this page's own server. */
export function createFetcher(): Fetcher {
  // A browser cannot set headers on a socket, so the one that matters travels in connection_init.
  let authorization: string | undefined
  const wsClient = createSocket({ authorization: () => authorization })
  const fetcher = createGraphiQLFetcher({ url: '/graphql', wsClient, enableIncrementalDelivery: false })
  return (parameters, options) => {
    authorization = authorizationOf(options?.headers)
    const document = tryParse(parameters.query)
    if (!document) return fetcher(parameters, options) // the server says best what is wrong with it
    return fetcher(ownOperation(parameters, document), { ...options, documentAST: document })
  }
}

/**
 * Drops an operation name that the document does not have. Right after a change of tabs the editor still hands over the
 * name from the tab before.
 */
export function ownOperation(parameters: FetcherParams, document: DocumentNode): FetcherParams {
  if (!parameters.operationName || getOperationAST(document, parameters.operationName)) return parameters
  const { operationName: _, ...rest } = parameters
  return rest
}

/** The value of the Authorization header, in whatever case it is written. */
export function authorizationOf(headers: Record<string, unknown> | undefined): string | undefined {
  for (const [name, value] of Object.entries(headers ?? {})) {
    if (name.toLowerCase() === 'authorization') return String(value)
  }
  return undefined
}

function tryParse(query: string): DocumentNode | null {
  try {
    return parse(query)
  } catch (error) {
    if (error instanceof GraphQLError) return null
    throw error
  }
}
