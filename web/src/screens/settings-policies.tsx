import { type FormEvent, useState } from 'react'
import { useClient, useMutation } from 'urql'
import { CreatePolicyDocument, DeletePolicyDocument, PoliciesDocument, type PolicyEffect, type PolicyRowFragment, SimulateDocument, type SimulateQuery, UpdatePolicyDocument } from '../gql'
import { useLiveQuery, useRole } from '../live/hooks'
import { complaintsOf } from '../ui/complaints'
import { Button, Empty, Loading, Panel, Problem } from '../ui/controls'
import { Confirm } from '../ui/dialog'
import { ChoiceField, TextField } from '../ui/field'
import { StatusIcon, wordsOf } from '../ui/status'
import { DataTable } from '../ui/table'
import { complain } from '../ui/toast'

const effects: [PolicyEffect, string][] = [
  ['AUTO_APPROVE', 'Approve it at once'],
  ['REQUIRE', 'Ask people'],
  ['DENY', 'Reject it at once'],
]

/** The rules by which suggestions are decided before anybody looks. */
export function Policies() {
  const { data, error, refetch } = useLiveQuery(PoliciesDocument, {}, (event) => event.__typename === 'ApprovalPolicyEvent')
  const mayChange = useRole() === 'ADMIN'
  if (error) return <Problem error={error} retry={refetch} />
  if (!data) return <Loading />
  const policies = data.approvalPolicies.edges.map((edge) => edge.node)
  return (
    <div className="space-y-4">
      <NewPolicy mayCreate={mayChange} onDone={refetch} />
      <Panel title="Approval policies">
        {policies.length === 0 ? <Empty title="No policies yet">Everything that agents suggest waits for a person.</Empty> : <Table policies={policies} mayChange={mayChange} onChange={refetch} />}
      </Panel>
    </div>
  )
}

/** What a form says of a rule, as the API takes it. */
export function ruleOf(form: FormData) {
  const text = (name: string) => String(form.get(name) ?? '').trim()
  return {
    actionPattern: text('actionPattern') || '*',
    minConfidence: Number(text('minConfidence') || 0) / 100,
    ...(text('capability') && { capability: text('capability') }),
    effect: effects.find(([effect]) => effect === form.get('effect'))![0],
    requiredApprovals: Number(text('requiredApprovals') || 1),
    spotCheckShare: Number(text('spotCheckShare') || 0) / 100,
  }
}

function NewPolicy({ mayCreate, onDone }: { mayCreate: boolean; onDone: () => void }) {
  const client = useClient()
  const [{ fetching, error }, create] = useMutation(CreatePolicyDocument)
  const [simulation, setSimulation] = useState<SimulateQuery['simulateApprovalPolicy'] | null>(null)
  const [effect, setEffect] = useState<string>('AUTO_APPROVE')
  const [round, setRound] = useState(0)
  const complaints = complaintsOf(error)
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const { data } = await create({ input: { name: String(form.get('name')).trim(), ...ruleOf(form) } })
    if (!data?.createApprovalPolicy) return
    setRound(round + 1)
    setSimulation(null)
    onDone()
  }
  const simulate = async (form: HTMLFormElement) => {
    const { data, error } = await client.query(SimulateDocument, { input: ruleOf(new FormData(form)) }, { requestPolicy: 'network-only' })
    if (error) complain(error)
    else setSimulation(data?.simulateApprovalPolicy ?? null)
  }
  return (
    <Panel title={mayCreate ? 'Try and make a rule' : 'Try a rule'}>
      <form key={round} onSubmit={submit} noValidate className="grid items-start gap-4 p-4 sm:grid-cols-2 lg:grid-cols-4">
        {mayCreate && <TextField label="Name" name="name" problem={complaints.get('name') ?? complaints.get('')} />}
        <TextField label="Actions like" name="actionPattern" hint="send_*" problem={complaints.get('actionPattern')} />
        <TextField label="At least this sure, in percent" name="minConfidence" type="number" min={0} max={100} hint="0" problem={complaints.get('minConfidence')} />
        <TextField label="Task needs capability" name="capability" hint="Any" problem={complaints.get('capability')} />
        <ChoiceField label="Then" name="effect" value={effect} onChange={(event) => setEffect(event.target.value)} problem={complaints.get('effect')}>
          {effects.map(([effect, words]) => (
            <option key={effect} value={effect}>
              {words}
            </option>
          ))}
        </ChoiceField>
        {effect === 'REQUIRE' && <TextField label="How many people" name="requiredApprovals" type="number" min={1} hint="1" problem={complaints.get('requiredApprovals')} />}
        {effect === 'AUTO_APPROVE' && <TextField label="Spot checks, in percent" name="spotCheckShare" type="number" min={0} max={100} hint="0" problem={complaints.get('spotCheckShare')} />}
        <div className="flex gap-2 lg:mt-6">
          <Button onClick={(event) => simulate(event.currentTarget.form!)}>Try on the past</Button>
          {mayCreate && (
            <Button type="submit" look="brand" disabled={fetching}>
              Make it
            </Button>
          )}
        </div>
      </form>
      {simulation && <Simulation simulation={simulation} />}
    </Panel>
  )
}

function Simulation({ simulation }: { simulation: SimulateQuery['simulateApprovalPolicy'] }) {
  const { considered, matched, approved, denied, required, spotChecks, agreed, disagreed, disagreements } = simulation
  return (
    <div role="status" className="space-y-3 border-t border-line p-4 text-sm">
      <p>
        Of the last {considered} suggestions it would have met <b>{matched}</b>: {approved} approved{spotChecks > 0 && `, ${spotChecks} of them checked by people all the same`}, {denied} rejected, {required} put to people. With what people decided it agrees {agreed} times and
        disagrees <b className={disagreed > 0 ? 'text-bad' : 'text-good'}>{disagreed}</b>.
      </p>
      {disagreements.length > 0 && (
        <ul className="divide-y divide-line rounded-lg border border-line">
          {disagreements.map(({ suggestion, effect }) => (
            <li key={suggestion.id} className="flex items-center gap-2 px-3 py-1.5">
              <StatusIcon status={suggestion.status} />
              <span className="min-w-0 flex-1 truncate">
                {suggestion.action} <span className="text-soft">{suggestion.agent.name}</span>
              </span>
              <span className="text-soft">
                people: {wordsOf(suggestion.status).toLowerCase()}, rule: {wordsOf(effect).toLowerCase()}
              </span>
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

function Table({ policies, mayChange, onChange }: { policies: PolicyRowFragment[]; mayChange: boolean; onChange: () => void }) {
  const client = useClient()
  const [asking, setAsking] = useState<PolicyRowFragment | null>(null)
  const settle = async (changing: PromiseLike<{ error?: Error | undefined }>) => {
    const { error } = await changing
    if (error) complain(error)
    onChange()
  }
  return (
    <>
      <DataTable
        label="Approval policies"
        rows={policies}
        keyOf={({ id }) => id}
        dim={({ enabled }) => !enabled}
        columns={[
          { name: 'Name', wide: true, cell: ({ name, enabled }) => `${name}${enabled ? '' : ' (off)'}` },
          { name: 'Actions like', cell: ({ actionPattern }) => <code className="font-mono text-xs">{actionPattern}</code> },
          { name: 'From', cell: ({ minConfidence }) => `${Math.round(minConfidence * 100)}% sure` },
          { name: 'Then', cell: ({ effect, requiredApprovals, spotCheckShare }) => `${wordsOf(effect)}${effect === 'REQUIRE' ? `: ${requiredApprovals}` : spotCheckShare > 0 ? `, ${Math.round(spotCheckShare * 100)}% checked` : ''}` },
          {
            name: 'Change',
            act: true,
            cell: (policy) =>
              mayChange && (
                <span className="flex gap-2">
                  <Button onClick={() => settle(client.mutation(UpdatePolicyDocument, { input: { id: policy.id, enabled: !policy.enabled } }))} className="py-1">
                    {policy.enabled ? 'Switch off' : 'Switch on'}
                  </Button>
                  <Button look="danger" onClick={() => setAsking(policy)} className="py-1">
                    Delete
                  </Button>
                </span>
              ),
          },
        ]}
      />
      {asking && <Confirm title={`Delete “${asking.name}”?`} text="What it decided stays, and goes on to name it." action="Delete" onYes={() => settle(client.mutation(DeletePolicyDocument, { id: asking.id }))} onClose={() => setAsking(null)} />}
    </>
  )
}
