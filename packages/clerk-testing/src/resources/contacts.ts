import { action, type Binding } from '../server/api.js'
import { BackendError, invalidParameter, notFound } from '../server/errors.js'
import type { OperationId } from '../tables/operations.js'
import { assertFree, claimIdentifier, releaseIdentifier } from './identifiers.js'
import { newId } from './ids.js'
import { type Instance, touch } from './instance.js'
import type { DeletedJSON, EmailAddressJSON, PhoneNumberJSON, UserJSON, VerificationJSON } from './json.js'
import { sendEmail, sendSms } from './messages.js'

export type Contact = EmailAddressJSON | PhoneNumberJSON

interface Kind {
  readonly object: 'email_address' | 'phone_number'
  readonly list: 'email_addresses' | 'phone_numbers'
  readonly primary: 'primary_email_address_id' | 'primary_phone_number_id'
  readonly strategy: string
  readonly operations: 'EmailAddress' | 'PhoneNumber'
  readonly valid: (value: string) => boolean
}

export const emailKind: Kind = {
  object: 'email_address',
  list: 'email_addresses',
  primary: 'primary_email_address_id',
  strategy: 'email_code',
  operations: 'EmailAddress',
  valid: (value) => /^[^\s@<>"]{1,64}@[^\s@<>"]+\.[^\s@<>".]+$/.test(value) && value.length <= 254,
}
export const phoneKind: Kind = {
  object: 'phone_number',
  list: 'phone_numbers',
  primary: 'primary_phone_number_id',
  strategy: 'phone_code',
  operations: 'PhoneNumber',
  valid: (value) => /^\+[1-9]\d{6,14}$/.test(value),
}

/** The code of every verification: Clerk's own for its test addresses. */
export const testCode = '424242'
const codeLivesMs = 600_000

const contactsOf = (user: UserJSON, kind: Kind) => user[kind.list] as Contact[]

const verification = (kind: Kind, verified: boolean): VerificationJSON => ({
  object: `verification_${verified ? 'admin' : 'otp'}`,
  status: verified ? 'verified' : 'unverified',
  strategy: verified ? 'admin' : kind.strategy,
  attempts: null,
  expire_at: null,
})

export const normalEmail = (value: string): string => value.trim().toLowerCase()

/** @throws {BackendError} 422 when it is no address, or another user's */
export function assertContact(instance: Instance, kind: Kind, value: string): void {
  if (!kind.valid(value)) throw invalidParameter(kind.object, `a valid ${kind.object.replace('_', ' ')}`)
  assertFree(instance, kind.object, value)
}

/** Adds the contact without announcing it; the first one becomes the primary one. */
export function attachContact(
  instance: Instance,
  user: UserJSON,
  kind: Kind,
  value: string,
  status: 'verified' | 'reserved' | 'unverified',
): Contact {
  const now = instance.now()
  const common = {
    id: newId('idn'),
    reserved: status === 'reserved',
    verification: verification(kind, status === 'verified'),
    linked_to: [],
    created_at: now,
    updated_at: now,
  }
  const contact: Contact =
    kind.object === 'email_address'
      ? { ...common, object: 'email_address', email_address: normalEmail(value) }
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

function findContact(instance: Instance, kind: Kind, id: string): { user: UserJSON; contact: Contact } {
  const user = instance.state.users.get(instance.state.identifications.get(id) ?? '')
  const contact = user && contactsOf(user, kind).find((one) => one.id === id)
  if (!user || !contact) throw notFound(kind.object.replace('_', ' '))
  return { user, contact }
}

interface Change {
  verified?: boolean | null
  primary?: boolean | null
  reserved_for_second_factor?: boolean | null
}

function change(user: UserJSON, kind: Kind, contact: Contact, given: Change): void {
  if (typeof given.verified === 'boolean') contact.verification = verification(kind, given.verified)
  if (given.primary === true) user[kind.primary] = contact.id
  if (contact.object === 'phone_number' && typeof given.reserved_for_second_factor === 'boolean') {
    contact.reserved_for_second_factor = given.reserved_for_second_factor
  }
}

export const isVerified = ({ verification }: Contact): boolean => verification?.status === 'verified'

/** Removes the contact without announcing it; the next one becomes the primary one, a verified one before others. */
export function detachContact(instance: Instance, user: UserJSON, kind: Kind, contact: Contact): void {
  const contacts = contactsOf(user, kind)
  contacts.splice(contacts.indexOf(contact), 1)
  if (user[kind.primary] === contact.id)
    user[kind.primary] = (contacts.find(isVerified) ?? contacts[0])?.id ?? null
  releaseIdentifier(instance, kind.object, addressOf(contact))
  instance.state.identifications.delete(contact.id)
}

function changed(instance: Instance, user: UserJSON): void {
  touch(instance, user)
  instance.emit('user.updated', user)
}

const verificationJson = (contact: Contact) => ({
  ...contact.verification,
  object: 'verification',
  id: `ver_${contact.id.slice('idn_'.length)}`,
  channel: contact.object === 'phone_number' ? 'sms' : null,
})

const operationsOf = (kind: Kind): Binding[] => {
  const parameter = `${kind.object}_id`
  const id = (verb: string) => `${verb}${kind.operations}` as OperationId
  const verify = (verb: string) => `${verb}${kind.operations}Verification` as OperationId
  return [
    action<Change & { user_id: string; email_address?: string; phone_number?: string }>(
      id('Create'),
      ({ instance, body }) => {
        const value = body[kind.object] ?? ''
        const user = instance.state.users.get(body.user_id)
        if (!user) throw notFound('user')
        assertContact(instance, kind, value)
        const contact = attachContact(instance, user, kind, value, body.verified ? 'verified' : 'unverified')
        change(user, kind, contact, body)
        changed(instance, user)
        return contact
      },
    ),
    action(id('Get'), ({ instance, path }) => findContact(instance, kind, path[parameter] ?? '').contact),
    action<Change>(id('Update'), ({ instance, path, body }) => {
      const { user, contact } = findContact(instance, kind, path[parameter] ?? '')
      change(user, kind, contact, body)
      touch(instance, contact)
      changed(instance, user)
      return contact
    }),
    action(id('Delete'), ({ instance, path }): DeletedJSON => {
      const { user, contact } = findContact(instance, kind, path[parameter] ?? '')
      detachContact(instance, user, kind, contact)
      changed(instance, user)
      return { id: contact.id, object: kind.object, deleted: true }
    }),
    action(verify('Prepare'), ({ instance, path }) => {
      const { user, contact } = findContact(instance, kind, path[parameter] ?? '')
      contact.verification = {
        ...verification(kind, false),
        attempts: 0,
        expire_at: instance.now() + codeLivesMs,
      }
      const message = { slug: 'verification_code', userId: user.id, code: testCode }
      if (contact.object === 'email_address') sendEmail(instance, { ...message, contact })
      else sendSms(instance, { ...message, contact })
      return verificationJson(contact)
    }),
    action<{ verification_id: string; code: string }>(verify('Attempt'), ({ instance, path, body }) => {
      const { user, contact } = findContact(instance, kind, path[parameter] ?? '')
      const { verification: current } = contact
      if (current?.expire_at === null || verificationJson(contact).id !== body.verification_id) {
        throw notFound('verification')
      }
      if (!current || instance.now() > current.expire_at) {
        throw new BackendError(400, 'verification_expired', 'expired')
      }
      current.attempts = (current.attempts ?? 0) + 1
      if (body.code !== testCode) {
        throw new BackendError(400, 'form_code_incorrect', 'is incorrect', { meta: { param_name: 'code' } })
      }
      current.status = 'verified'
      changed(instance, user)
      return verificationJson(contact)
    }),
    action<{
      email_address?: string
      phone_number?: string
      identification_status?: 'verified' | 'reserved' | 'unverified'
    }>(`ReplaceUser${kind.operations}` as OperationId, ({ instance, path, body }) => {
      const user = instance.state.users.get(path.user_id ?? '')
      if (!user) throw notFound('user')
      const value = body[kind.object] ?? ''
      const owned = contactsOf(user, kind).some((contact) => addressOf(contact) === normalEmail(value))
      if (!owned) assertContact(instance, kind, value)
      for (const contact of [...contactsOf(user, kind)]) detachContact(instance, user, kind, contact)
      const contact = attachContact(instance, user, kind, value, body.identification_status ?? 'verified')
      changed(instance, user)
      return contact
    }),
  ]
}

export const contactOperations = [...operationsOf(emailKind), ...operationsOf(phoneKind)]
