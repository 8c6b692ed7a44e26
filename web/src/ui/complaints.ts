import type { CombinedError } from '@urql/core'

/** What the server complains of, by the field at fault ("tasks.0.name"); under "" what belongs to none. */
export function complaintsOf(error: CombinedError | undefined): Map<string, string> {
  if (!error) return new Map()
  if (error.graphQLErrors.length === 0) return new Map([['', 'The server cannot be reached. Nothing was changed.']])
  return new Map(error.graphQLErrors.map(({ message, extensions }) => [typeof extensions.field === 'string' ? extensions.field : '', message]))
}
