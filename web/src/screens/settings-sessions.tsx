import { useClient } from 'urql'
import { RevokeSessionDocument, type SessionRowFragment, SessionsDocument } from '../gql'
import { useLiveQuery } from '../live/hooks'
import { Button, Empty, Loading, Panel, Problem } from '../ui/controls'
import { wordsOf } from '../ui/status'
import { DataTable } from '../ui/table'
import { Ago } from '../ui/time'
import { complain } from '../ui/toast'

/** Where everybody is signed in. */
export function Sessions() {
  const { data, error, refetch } = useLiveQuery(SessionsDocument, {}, (event) => event.__typename === 'AccessEvent')
  if (error) return <Problem error={error} retry={refetch} />
  if (!data) return <Loading />
  return (
    <Panel title="Signed in">
      <SessionTable sessions={data.sessions.edges.map((edge) => edge.node)} onChange={refetch} />
    </Panel>
  )
}

/** "Firefox", "Chrome", or what a program calls itself. */
export function programOf(userAgent: string | null): string {
  const browser = /(Firefox|Edg|OPR|Chrome|Safari)\//.exec(userAgent ?? '')?.[1]
  const names: Record<string, string> = { Edg: 'Edge', OPR: 'Opera' }
  return browser ? (names[browser] ?? browser) : (userAgent?.split('/')[0] ?? 'Unknown program')
}

export function SessionTable({ sessions, onChange }: { sessions: SessionRowFragment[]; onChange: () => void }) {
  const client = useClient()
  const live = sessions.filter(({ revokedAt }) => revokedAt === null)
  const end = async ({ id }: SessionRowFragment) => {
    const { error } = await client.mutation(RevokeSessionDocument, { id })
    if (error) complain(error)
    onChange()
  }
  if (live.length === 0) return <Empty title="Nobody is signed in with a password">Whoever came by a signed link or with a key has no session.</Empty>
  return (
    <DataTable
      label="Sessions"
      rows={live}
      keyOf={({ id }) => id}
      columns={[
        { name: 'Who', wide: true, cell: ({ user, current }) => `${user.name}${current ? ' (this one)' : ''}` },
        { name: 'With', cell: ({ userAgent, method }) => <span title={userAgent ?? undefined}>{`${programOf(userAgent)}, ${wordsOf(method).toLowerCase()}`}</span> },
        { name: 'Since', cell: ({ createdAt }) => <Ago at={createdAt} /> },
        { name: 'Last used', cell: ({ lastUsedAt }) => <Ago at={lastUsedAt} /> },
        {
          name: 'End',
          act: true,
          cell: (session) => (
            <Button look="danger" onClick={() => end(session)} className="py-1">
              End
            </Button>
          ),
        },
      ]}
    />
  )
}
