const files = import.meta.glob<string>('./examples/*.graphql', { query: '?raw', import: 'default', eager: true })

/** The operations of the first visit, in the order of their file names. */
export const examples = Object.keys(files)
  .sort()
  .map((name) => ({ query: files[name]! }))

export type Linked = { query: string; variables: string | null }

/** The operation that a link carries as ?query=…&variables=…; null when it carries none. */
export function linkedOperation(search: string): Linked | null {
  const parameters = new URLSearchParams(search)
  const query = parameters.get('query')
  return query ? { query, variables: parameters.get('variables') } : null
}
