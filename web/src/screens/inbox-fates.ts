import { useQuery } from 'urql'
import { FatesDocument, type SuggestionStatus } from '../gql'

const words: Partial<Record<SuggestionStatus, string>> = { APPROVED: 'approved', REJECTED: 'rejected', ANSWERED: 'answered' }

/** What became of a suggestion, in words; undefined while it waits. */
export function fateOf(status: SuggestionStatus, by: string | undefined): string | undefined {
  if (status === 'PENDING') return undefined
  if (status === 'EXPIRED') return 'Nobody decided in time.'
  if (status === 'WITHDRAWN') return 'It was withdrawn.'
  return by === undefined ? `Decided elsewhere: ${words[status]}.` : `Decided elsewhere: ${by} ${words[status]} it.`
}

/** What became of those that left the list, by id. One that only a filter hides has no fate, since it still waits. */
export function useFates(ids: string[]): Map<string, string> {
  const [{ data }] = useQuery({ query: FatesDocument, variables: { ids }, pause: ids.length === 0, requestPolicy: 'cache-and-network' })
  const fates = new Map<string, string>()
  for (const node of data?.nodes ?? []) {
    const fate = node && 'status' in node ? fateOf(node.status, node.decidedBy?.name) : undefined
    if (node && fate) fates.set(node.id, fate)
  }
  return fates
}
