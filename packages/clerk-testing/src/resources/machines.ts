import { action } from '../server/api.js'
import { collection } from '../server/collection.js'
import { BackendError, conflict, notFound } from '../server/errors.js'
import { randomText } from './ids.js'
import { type Instance, type StoredMachine, touch } from './instance.js'

export const newSecret = () => `ak_${randomText(43)}`

const machines = collection<StoredMachine>({
  path: '/machines',
  table: 'machines',
  schema: 'Machine',
  idPrefix: 'mch',
  create(machine, { instance, body }) {
    const scopes = (body.scoped_machines as string[] | undefined) ?? []
    for (const id of scopes) getMachine(instance, id)
    Object.assign(machine, {
      secret_key: newSecret(),
      scopes,
      default_token_ttl: body.default_token_ttl ?? 3600,
    })
  },
  remove({ id }, { state }) {
    for (const machine of state.machines.values())
      machine.scopes = machine.scopes.filter((scope) => scope !== id)
  },
  json: (machine, { state }) => ({
    ...machine,
    scoped_machines: machine.scopes.flatMap((id) => state.machines.get(id) ?? []),
  }),
})

export const getMachine = (instance: Instance, id: string): StoredMachine => machines.find(instance, id)

const at = ({ instance, path }: { instance: Instance; path: Readonly<Record<string, string>> }) =>
  getMachine(instance, path.machine_id ?? '')

const secretJson = ({ secret_key }: StoredMachine) => ({ object: 'machine_secret_key', secret: secret_key })

export const machineOperations = [
  ...machines.bindings,
  action('GetMachineSecretKey', (call) => secretJson(at(call))),
  action('RotateMachineSecretKey', (call) => {
    const machine = at(call)
    machine.secret_key = newSecret()
    touch(call.instance, machine)
    return secretJson(machine)
  }),
  // Two machines in scope may verify each other's tokens.
  action<{ to_machine_id: string }>('CreateMachineScope', (call) => {
    const { id, scopes } = at(call as never)
    const other = getMachine(call.instance, call.body.to_machine_id)
    if (scopes.includes(other.id)) throw conflict('machine_scope_exists', 'The machine is in scope already.')
    scopes.push(other.id)
    return {
      object: 'machine_scope',
      from_machine_id: id,
      to_machine_id: other.id,
      created_at: call.instance.now(),
    }
  }),
  action('DeleteMachineScope', (call) => {
    const machine = at(call)
    const other = call.path.other_machine_id ?? ''
    if (!machine.scopes.includes(other)) throw notFound('machine scope')
    machine.scopes = machine.scopes.filter((scope) => scope !== other)
    return { object: 'machine_scope', from_machine_id: machine.id, to_machine_id: other, deleted: true }
  }),
]

export const unauthorizedMachine = () =>
  new BackendError(401, 'machine_secret_key_invalid', 'The machine secret key is invalid', {
    longMessage: 'Send the secret key of a machine, or the secret key of the instance, as bearer token.',
  })
