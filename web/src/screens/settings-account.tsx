import { type FormEvent, useState } from 'react'
import { useMutation, useQuery } from 'urql'
import { AccountDocument, ChangePasswordDocument } from '../gql'
import { useSession } from '../live/hooks'
import { complaintsOf } from '../ui/complaints'
import { Button, Loading, Panel, Problem } from '../ui/controls'
import { TextField } from '../ui/field'
import { wordsOf } from '../ui/status'
import { ThemeButton } from '../ui/theme'
import { toast } from '../ui/toast'
import { SessionTable } from './settings-sessions'

/** Who one is here, one's password, and where one is signed in. */
export function Account() {
  const [{ data, error }, read] = useQuery({ query: AccountDocument, requestPolicy: 'cache-and-network' })
  const { signOut } = useSession()
  if (error) return <Problem error={error} />
  const viewer = data?.viewer
  if (!viewer) return <Loading />
  return (
    <div className="grid max-w-4xl gap-4">
      <Panel
        title={viewer.name}
        aside={
          <span className="flex items-center gap-2 md:hidden">
            <ThemeButton />
            <Button onClick={signOut}>Sign out</Button>
          </span>
        }
      >
        <p className="p-4 text-sm text-soft">
          {viewer.__typename === 'User' && `${viewer.email ?? ''}, ${wordsOf(viewer.role).toLowerCase()}`}
          {viewer.__typename === 'ApiKey' && `You are signed in with the API key ${viewer.prefix}…, with the role ${wordsOf(viewer.role).toLowerCase()}. What you do stands in the log under its name.`}
        </p>
      </Panel>
      {viewer.__typename === 'User' && (
        <>
          <Password />
          <Panel title="Where you are signed in">
            <SessionTable sessions={viewer.sessions?.edges.map((edge) => edge.node) ?? []} onChange={() => read({ requestPolicy: 'network-only' })} />
          </Panel>
        </>
      )}
    </div>
  )
}

function Password() {
  const [{ fetching, error }, change] = useMutation(ChangePasswordDocument)
  const [round, setRound] = useState(0)
  const complaints = complaintsOf(error)
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const { data } = await change({ input: { currentPassword: String(form.get('current')), newPassword: String(form.get('new')) } })
    if (!data?.changePassword) return
    toast('Your password is changed. Your other sessions have ended.')
    setRound(round + 1)
  }
  return (
    <Panel title="Password">
      <form key={round} onSubmit={submit} noValidate className="grid items-start gap-4 p-4 sm:grid-cols-[1fr_1fr_auto]">
        <TextField label="The one until now" name="current" type="password" autoComplete="current-password" problem={complaints.get('currentPassword')} />
        <TextField label="The new one" name="new" type="password" hint="12 characters or more" autoComplete="new-password" problem={complaints.get('newPassword') ?? complaints.get('')} />
        <Button type="submit" look="brand" disabled={fetching} className="sm:mt-6">
          Change
        </Button>
      </form>
    </Panel>
  )
}
