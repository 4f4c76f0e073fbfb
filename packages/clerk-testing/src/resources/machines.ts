import { BackendError, notFound } from '../server/errors.js'
import { ignored, list, nullable, parse, required, text, whole } from '../server/parameters.js'
import { newId, randomText } from './ids.js'
import { type Instance, type StoredMachine, touch } from './instance.js'
import type { DeletedJSON, MachineJSON } from './json.js'

export function machineJson({ state }: Instance, stored: StoredMachine): MachineJSON {
  const bare = ({ scopes: _, secret_key: __, ...machine }: StoredMachine) => machine
  return {
    ...bare(stored),
    scoped_machines: stored.scopes.flatMap((id) => {
      const machine = state.machines.get(id)
      return machine ? [bare(machine)] : []
    }),
  }
}

export function createMachine(instance: Instance, body: unknown): StoredMachine {
  const given = parse(body, {
    name: required(text),
    scoped_machines: list(text),
    default_token_ttl: nullable(whole),
  })
  for (const id of given.scoped_machines ?? []) getMachine(instance, id)
  const now = instance.now()
  const machine: StoredMachine = {
    id: newId('mch'),
    object: 'machine',
    name: given.name,
    instance_id: instance.instanceId,
    default_token_ttl: given.default_token_ttl ?? 3600,
    scopes: given.scoped_machines ?? [],
    created_at: now,
    updated_at: now,
    secret_key: `ak_${randomText(43)}`,
  }
  instance.state.machines.set(machine.id, machine)
  return machine
}

export function getMachine({ state }: Instance, id: string): StoredMachine {
  const machine = state.machines.get(id)
  if (!machine) throw notFound('machine')
  return machine
}

export function updateMachine(instance: Instance, id: string, body: unknown): StoredMachine {
  const machine = getMachine(instance, id)
  const given = parse(body, { name: text, default_token_ttl: nullable(whole) })
  machine.name = given.name ?? machine.name
  machine.default_token_ttl = given.default_token_ttl ?? machine.default_token_ttl
  touch(instance, machine)
  return machine
}

export function deleteMachine(instance: Instance, id: string): DeletedJSON {
  getMachine(instance, id)
  instance.state.machines.delete(id)
  for (const machine of instance.state.machines.values())
    machine.scopes = machine.scopes.filter((scope) => scope !== id)
  return { id, object: 'machine', deleted: true }
}

export function rotateMachineSecret(instance: Instance, id: string, body: unknown): { secret: string } {
  const machine = getMachine(instance, id)
  parse(body, { previous_token_ttl: ignored })
  machine.secret_key = `ak_${randomText(43)}`
  touch(instance, machine)
  return { secret: machine.secret_key }
}

/** Two machines in scope may verify each other's tokens. */
export function createScope(instance: Instance, id: string, body: unknown): object {
  const machine = getMachine(instance, id)
  const { to_machine_id } = parse(body, { to_machine_id: required(text) })
  getMachine(instance, to_machine_id)
  if (!machine.scopes.includes(to_machine_id)) machine.scopes.push(to_machine_id)
  touch(instance, machine)
  return { object: 'machine_scope', from_machine_id: id, to_machine_id, created_at: instance.now() }
}

export function deleteScope(instance: Instance, id: string, other: string): object {
  const machine = getMachine(instance, id)
  if (!machine.scopes.includes(other)) throw notFound('machine scope')
  machine.scopes = machine.scopes.filter((scope) => scope !== other)
  touch(instance, machine)
  return { object: 'machine_scope', from_machine_id: id, to_machine_id: other, deleted: true }
}

export const machineOf = (instance: Instance, secret: string): StoredMachine | undefined =>
  [...instance.state.machines.values()].find((machine) => machine.secret_key === secret)

export const unauthorizedMachine = () =>
  new BackendError(401, 'machine_secret_key_invalid', 'The machine secret key is invalid', {
    longMessage: 'Send the secret key of a machine, or the secret key of the instance, as bearer token.',
  })
