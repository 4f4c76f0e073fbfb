import { BackendError, notFound } from '../server/errors.js'
import { flag, ignored, nullable, parse, required, text } from '../server/parameters.js'
import { assertFree, claimIdentifier, releaseIdentifier } from './identifiers.js'
import { newId } from './ids.js'
import { type Instance, touch } from './instance.js'
import type { DeletedJSON, EmailAddressJSON, PhoneNumberJSON, UserJSON, VerificationJSON } from './json.js'

export type Contact = EmailAddressJSON | PhoneNumberJSON

interface Kind {
  readonly object: 'email_address' | 'phone_number'
  readonly list: 'email_addresses' | 'phone_numbers'
  readonly primary: 'primary_email_address_id' | 'primary_phone_number_id'
  readonly strategy: string
  readonly valid: (value: string) => boolean
}

export const emailKind: Kind = {
  object: 'email_address',
  list: 'email_addresses',
  primary: 'primary_email_address_id',
  strategy: 'email_code',
  valid: (value) => /^[^\s@<>"]{1,64}@[^\s@<>"]+\.[^\s@<>".]+$/.test(value) && value.length <= 254,
}
export const phoneKind: Kind = {
  object: 'phone_number',
  list: 'phone_numbers',
  primary: 'primary_phone_number_id',
  strategy: 'phone_code',
  valid: (value) => /^\+[1-9]\d{6,14}$/.test(value),
}

const contactsOf = (user: UserJSON, kind: Kind) => user[kind.list] as Contact[]

const verification = (kind: Kind, verified: boolean): VerificationJSON => ({
  object: `verification_${verified ? 'admin' : 'otp'}`,
  status: verified ? 'verified' : 'unverified',
  strategy: verified ? 'admin' : kind.strategy,
  attempts: null,
  expire_at: null,
})

/** @throws {BackendError} 422 when it is no address, or another user's */
export function assertContact(instance: Instance, kind: Kind, value: string): void {
  if (!kind.valid(value)) {
    throw new BackendError(422, 'form_param_format_invalid', 'is invalid', {
      longMessage: `${kind.object} must be a valid ${kind.object.replace('_', ' ')}.`,
      meta: { param_name: kind.object },
    })
  }
  assertFree(instance, kind.object, value)
}

/** Adds the contact without announcing it; the first one becomes the primary one. */
export function attachContact(
  instance: Instance,
  user: UserJSON,
  kind: Kind,
  value: string,
  verified: boolean,
): Contact {
  const now = instance.now()
  const common = {
    id: newId('idn'),
    reserved: false,
    verification: verification(kind, verified),
    linked_to: [],
    created_at: now,
    updated_at: now,
  }
  const contact: Contact =
    kind.object === 'email_address'
      ? { ...common, object: 'email_address', email_address: value.toLowerCase() }
      : {
          ...common,
          object: 'phone_number',
          phone_number: value,
          reserved_for_second_factor: false,
          default_second_factor: false,
          backup_codes: null,
        }
  contactsOf(user, kind).push(contact)
  user[kind.primary] ??= contact.id
  claimIdentifier(instance, kind.object, value, user.id)
  instance.state.identifications.set(contact.id, user.id)
  return contact
}

export const addressOf = (contact: Contact) =>
  contact.object === 'email_address' ? contact.email_address : contact.phone_number

export function findContact(
  instance: Instance,
  kind: Kind,
  id: string,
): { user: UserJSON; contact: Contact } {
  const user = instance.state.users.get(instance.state.identifications.get(id) ?? '')
  const contact = user && contactsOf(user, kind).find((one) => one.id === id)
  if (!user || !contact) throw notFound(kind.object.replace('_', ' '))
  return { user, contact }
}

export function createContact(instance: Instance, kind: Kind, body: unknown): Contact {
  const given = parse(body, {
    user_id: required(text),
    [kind.object]: required(text),
    verified: nullable(flag),
    primary: nullable(flag),
    reserved_for_second_factor: ignored,
  })
  const value = given[kind.object] as string
  const user = instance.state.users.get(given.user_id as string)
  if (!user) throw notFound('user')
  assertContact(instance, kind, value)
  const contact = attachContact(instance, user, kind, value, given.verified === true)
  if (given.primary === true) user[kind.primary] = contact.id
  changed(instance, user)
  return contact
}

export function updateContact(instance: Instance, kind: Kind, id: string, body: unknown): Contact {
  const { user, contact } = findContact(instance, kind, id)
  const given = parse(body, {
    verified: nullable(flag),
    primary: nullable(flag),
    reserved_for_second_factor: ignored,
  })
  if (typeof given.verified === 'boolean') contact.verification = verification(kind, given.verified)
  if (given.primary === true) user[kind.primary] = contact.id
  touch(instance, contact)
  changed(instance, user)
  return contact
}

export function deleteContact(instance: Instance, kind: Kind, id: string): DeletedJSON {
  const { user, contact } = findContact(instance, kind, id)
  detachContact(instance, user, kind, contact)
  changed(instance, user)
  return { id, object: kind.object, deleted: true }
}

/** Removes the contact without announcing it; the next one becomes the primary one. */
export function detachContact(instance: Instance, user: UserJSON, kind: Kind, contact: Contact): void {
  const contacts = contactsOf(user, kind)
  contacts.splice(contacts.indexOf(contact), 1)
  if (user[kind.primary] === contact.id) user[kind.primary] = contacts[0]?.id ?? null
  releaseIdentifier(instance, kind.object, addressOf(contact))
  instance.state.identifications.delete(contact.id)
}

function changed(instance: Instance, user: UserJSON): void {
  touch(instance, user)
  instance.emit('user.updated', user)
}
