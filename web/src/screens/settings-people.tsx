import { type FormEvent, useState } from 'react'
import { useClient, useMutation } from 'urql'
import { ChangePasswordDocument, CreateUserDocument, PeopleDocument, type PersonRowFragment, type Role, UpdateUserDocument } from '../gql'
import { useLiveQuery, useSession } from '../live/hooks'
import { complaintsOf } from '../ui/complaints'
import { Button, Empty, Loading, Panel, Problem } from '../ui/controls'
import { ChoiceField, TextField } from '../ui/field'
import { Secret } from '../ui/secret'
import { wordsOf } from '../ui/status'
import { DataTable } from '../ui/table'
import { complain } from '../ui/toast'

/** What people can be; AGENT is for programs. */
const roles: Role[] = ['VIEWER', 'MANAGER', 'ADMIN']

type Shown = { name: string; password: string }

/** Who may sign in, and as what. */
export function People() {
  const { data, error, refetch } = useLiveQuery(PeopleDocument, {}, (event) => event.__typename === 'AccessEvent')
  const [shown, setShown] = useState<Shown | null>(null)
  if (error) return <Problem error={error} retry={refetch} />
  if (!data) return <Loading />
  const people = data.users.edges.map((edge) => edge.node)
  return (
    <div className="space-y-4">
      <Invite onDone={setShown} />
      <Panel title="People">
        {people.length === 0 ? <Empty title="Nobody has an account yet">Add the first one above; until then, keys and signed links are the way in.</Empty> : <Table people={people} onPassword={setShown} />}
      </Panel>
      {shown && <Secret title={`The password of ${shown.name}`} text="It is shown this once. They can change it in their settings." secret={shown.password} onClose={() => setShown(null)} />}
    </div>
  )
}

function Invite({ onDone }: { onDone: (shown: Shown) => void }) {
  const [{ fetching, error }, create] = useMutation(CreateUserDocument)
  const [round, setRound] = useState(0)
  const complaints = complaintsOf(error)
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const name = String(form.get('name')).trim()
    const { data } = await create({ input: { name, email: String(form.get('email')).trim(), role: roles.find((role) => role === form.get('role'))! } })
    if (!data?.createUser) return
    setRound(round + 1)
    if (data.createUser.password) onDone({ name, password: data.createUser.password })
  }
  return (
    <Panel title="Add somebody">
      <form key={round} onSubmit={submit} noValidate className="grid items-start gap-4 p-4 sm:grid-cols-2 lg:grid-cols-[1fr_1fr_10rem_auto]">
        <TextField label="Name" name="name" problem={complaints.get('name')} />
        <TextField label="Email" name="email" type="email" problem={complaints.get('email') ?? complaints.get('')} />
        <RoleField />
        <Button type="submit" look="brand" disabled={fetching} className="lg:mt-6">
          Add
        </Button>
      </form>
    </Panel>
  )
}

function RoleField() {
  return (
    <ChoiceField label="Role" name="role" defaultValue="MANAGER">
      {roles.map((role) => (
        <option key={role} value={role}>
          {wordsOf(role)}
        </option>
      ))}
    </ChoiceField>
  )
}

function Table({ people, onPassword }: { people: PersonRowFragment[]; onPassword: (shown: Shown) => void }) {
  const client = useClient()
  const { viewer } = useSession()
  const update = async (id: string, part: { role?: Role; active?: boolean }) => {
    const { error } = await client.mutation(UpdateUserDocument, { input: { id, ...part } })
    if (error) complain(error)
  }
  const reset = async ({ id, name }: PersonRowFragment) => {
    const { data, error } = await client.mutation(ChangePasswordDocument, { input: { userId: id } })
    if (error) return complain(error)
    if (data?.changePassword?.password) onPassword({ name, password: data.changePassword.password })
  }
  return (
    <DataTable
      label="People"
      rows={people}
      keyOf={({ id }) => id}
      dim={({ active }) => !active}
      columns={[
        { name: 'Name', wide: true, cell: ({ name, active }) => `${name}${active ? '' : ' (may not sign in)'}` },
        { name: 'Email', cell: ({ email }) => email },
        {
          name: 'Role',
          cell: ({ id, name, role }) => (
            <select aria-label={`Role of ${name}`} value={role} onChange={(event) => update(id, { role: roles.find((one) => one === event.target.value)! })} className="rounded-lg border border-line bg-surface px-2 py-1 text-ink">
              {roles.map((role) => (
                <option key={role} value={role}>
                  {wordsOf(role)}
                </option>
              ))}
            </select>
          ),
        },
        {
          name: 'Change',
          act: true,
          cell: (person) =>
            person.id === viewer.id ? null : (
              <span className="flex gap-2">
                <Button onClick={() => reset(person)} className="py-1">
                  New password
                </Button>
                <Button look={person.active ? 'danger' : 'plain'} onClick={() => update(person.id, { active: !person.active })} className="py-1">
                  {person.active ? 'Lock out' : 'Let in'}
                </Button>
              </span>
            ),
        },
      ]}
    />
  )
}
