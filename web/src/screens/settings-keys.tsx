import { type FormEvent, useState } from 'react'
import { useClient, useMutation } from 'urql'
import { CreateKeyDocument, KeysDocument, type KeyRowFragment, RevokeKeyDocument, type Role } from '../gql'
import { useLiveQuery } from '../live/hooks'
import { complaintsOf } from '../ui/complaints'
import { Button, Empty, Loading, Panel, Problem } from '../ui/controls'
import { Confirm } from '../ui/dialog'
import { ChoiceField, TextField } from '../ui/field'
import { Secret } from '../ui/secret'
import { wordsOf } from '../ui/status'
import { DataTable } from '../ui/table'
import { Ago } from '../ui/time'
import { complain } from '../ui/toast'

const roles: Role[] = ['AGENT', 'VIEWER', 'MANAGER', 'ADMIN']
const lifetimes: [string, number | null][] = [
  ['For ever', null],
  ['30 days', 30],
  ['90 days', 90],
  ['A year', 365],
]

/** The credentials of programs. */
export function Keys() {
  const { data, error, refetch } = useLiveQuery(KeysDocument, {}, (event) => event.__typename === 'AccessEvent')
  const [secret, setSecret] = useState<string | null>(null)
  if (error) return <Problem error={error} retry={refetch} />
  if (!data) return <Loading />
  const keys = data.apiKeys.edges.map((edge) => edge.node)
  return (
    <div className="space-y-4">
      <NewKey
        onSecret={(secret) => {
          setSecret(secret)
          refetch()
        }}
      />
      <Panel title="API keys">{keys.length === 0 ? <Empty title="No keys yet" /> : <Table keys={keys} />}</Panel>
      {secret && <Secret title="The new key" text="It is shown this once: the server keeps only its digest." secret={secret} onClose={() => setSecret(null)} />}
    </div>
  )
}

function NewKey({ onSecret }: { onSecret: (secret: string) => void }) {
  const [{ fetching, error }, create] = useMutation(CreateKeyDocument)
  const [round, setRound] = useState(0)
  const complaints = complaintsOf(error)
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const days = Number(form.get('days'))
    const expiresAt = days > 0 ? new Date(Date.now() + days * 86_400_000).toISOString() : null
    const { data } = await create({ input: { name: String(form.get('name')).trim(), role: roles.find((role) => role === form.get('role'))!, expiresAt } })
    if (!data?.createApiKey) return
    setRound(round + 1)
    onSecret(data.createApiKey.secret)
  }
  return (
    <Panel title="Make a key">
      <form key={round} onSubmit={submit} noValidate className="grid items-start gap-4 p-4 sm:grid-cols-2 lg:grid-cols-[1fr_10rem_10rem_auto]">
        <TextField label="Name" name="name" hint="What it is for" problem={complaints.get('name') ?? complaints.get('')} />
        <ChoiceField label="Role" name="role" defaultValue="AGENT">
          {roles.map((role) => (
            <option key={role} value={role}>
              {wordsOf(role)}
            </option>
          ))}
        </ChoiceField>
        <ChoiceField label="Works" name="days" problem={complaints.get('expiresAt')}>
          {lifetimes.map(([words, days]) => (
            <option key={words} value={days ?? 0}>
              {words}
            </option>
          ))}
        </ChoiceField>
        <Button type="submit" look="brand" disabled={fetching} className="lg:mt-6">
          Make it
        </Button>
      </form>
    </Panel>
  )
}

function Table({ keys }: { keys: KeyRowFragment[] }) {
  const client = useClient()
  const [asking, setAsking] = useState<KeyRowFragment | null>(null)
  const revoke = async (id: string) => {
    const { error } = await client.mutation(RevokeKeyDocument, { id })
    if (error) complain(error)
  }
  return (
    <>
      <DataTable
        label="API keys"
        rows={keys}
        keyOf={({ id }) => id}
        dim={({ revokedAt }) => revokedAt !== null}
        columns={[
          { name: 'Name', wide: true, cell: ({ name, agent }) => (agent && agent.name !== name ? `${name}, of ${agent.name}` : name) },
          { name: 'Begins with', cell: ({ prefix }) => <code className="font-mono text-xs">{prefix}…</code> },
          { name: 'Role', cell: ({ role }) => wordsOf(role) },
          { name: 'Last used', cell: ({ lastUsedAt }) => (lastUsedAt ? <Ago at={lastUsedAt} /> : 'never') },
          { name: 'Ends', cell: ({ expiresAt, revokedAt }) => (revokedAt ? 'revoked' : expiresAt ? <Ago at={expiresAt} /> : 'never') },
          {
            name: 'Change',
            act: true,
            cell: (key) =>
              key.revokedAt === null && (
                <Button look="danger" onClick={() => setAsking(key)} className="py-1">
                  Revoke
                </Button>
              ),
          },
        ]}
      />
      {asking && <Confirm title={`Revoke “${asking.name}”?`} text="Whatever uses it is refused within seconds, for ever." action="Revoke" onYes={() => revoke(asking.id)} onClose={() => setAsking(null)} />}
    </>
  )
}
