import { authorization } from '../session'

type Answer<Data> = { data?: Data; errors?: { message: string }[] }

/** Sends one operation by POST. Throws what the server says when it refuses, or an Error when it does not answer. */
export async function request<Data>(query: string, variables: Record<string, unknown> = {}): Promise<Data> {
  const header = authorization()
  const response = await fetch('/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(header && { authorization: header }) },
    body: JSON.stringify({ query, variables }),
  })
  const { data, errors }: Answer<Data> = await response.json()
  if (errors?.[0] || !data) throw new Error(errors?.[0]?.message ?? `The server answered ${response.status}.`)
  return data
}
