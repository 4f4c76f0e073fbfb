import { addressOf, type Contact, testCode } from '../resources/contacts.js'
import { findByIdentifier, type IdentifierKind } from '../resources/identifiers.js'
import { newId } from '../resources/ids.js'
import { type Instance, type Loose, touch } from '../resources/instance.js'
import type { UserJSON } from '../resources/json.js'
import { sendEmail, sendSms } from '../resources/messages.js'
import { checkPassword } from '../resources/passwords.js'
import { createSession, sessionsOf } from '../resources/sessions.js'
import { redeemTicket } from '../resources/tickets.js'
import { BackendError, invalidValue, missingParameter, notFound } from '../server/errors.js'
import { open, type PageCall, parameter } from './operation.js'
import {
  abandonAt,
  isAbandoned,
  proveCode,
  sent,
  type Verification,
  verificationJson,
  verified,
} from './verification.js'

const { text, flag } = parameter

/** A sign-in that a page has begun. */
export interface SignIn extends Loose {
  client_id: string
  user_id: string | null
  identifier: string | null
  status:
    | 'needs_identifier'
    | 'needs_first_factor'
    | 'needs_second_factor'
    | 'needs_new_password'
    | 'complete'
  first: Verification | null
  second: Verification | null
  actor: Record<string, unknown> | null
  created_session_id: string | null
}

const kinds: readonly IdentifierKind[] = ['email_address', 'phone_number', 'username']

const userOf = ({ state }: Instance, { user_id }: SignIn): UserJSON | undefined =>
  state.users.get(user_id ?? '')

export function signInJson(instance: Instance, stored: Loose): object {
  const signIn = stored as SignIn
  const user = userOf(instance, signIn)
  return {
    object: 'sign_in_attempt',
    id: signIn.id,
    status: signIn.status,
    supported_identifiers: ['email_address', 'username', 'phone_number'],
    supported_first_factors: user ? firstFactors(user, signIn.identifier) : null,
    supported_second_factors: user && signIn.status === 'needs_second_factor' ? secondFactors(user) : null,
    first_factor_verification: verificationJson(signIn.first),
    second_factor_verification: verificationJson(signIn.second),
    identifier: signIn.identifier,
    user_data: user
      ? {
          first_name: user.first_name,
          last_name: user.last_name,
          image_url: user.image_url,
          has_image: user.has_image,
        }
      : null,
    created_session_id: signIn.created_session_id,
    abandon_at: abandonAt(signIn.created_at),
  }
}

/** What identified the user is known to the page; everything else is shown in part. */
function masked(contact: Contact, identifier: string | null): string {
  const address = addressOf(contact)
  if (address === identifier?.trim().toLowerCase()) return address
  const [name = '', domain] = address.split('@')
  return domain === undefined
    ? `${'*'.repeat(Math.max(0, name.length - 4))}${name.slice(-4)}`
    : `${name.charAt(0)}*****@${domain}`
}

/** An address that is only claimed proves nothing. */
const proven = (contacts: readonly Contact[]) =>
  contacts.filter(({ verification, reserved }) => reserved || verification?.status === 'verified')

function firstFactors(user: UserJSON, identifier: string | null): object[] {
  const factor = (strategy: string, contact: Contact) => ({
    strategy,
    safe_identifier: masked(contact, identifier),
    [`${contact.object}_id`]: contact.id,
    primary: [user.primary_email_address_id, user.primary_phone_number_id].includes(contact.id),
  })
  const emails = proven(user.email_addresses)
  const phones = proven(user.phone_numbers)
  return [
    ...(user.password_enabled ? [{ strategy: 'password' }] : []),
    ...emails.map((contact) => factor('email_code', contact)),
    ...phones.map((contact) => factor('phone_code', contact)),
    ...emails.map((contact) => factor('reset_password_email_code', contact)),
    ...phones.map((contact) => factor('reset_password_phone_code', contact)),
  ]
}

const secondFactors = (user: UserJSON): object[] => [
  ...(user.totp_enabled ? [{ strategy: 'totp' }] : []),
  ...(user.backup_code_enabled ? [{ strategy: 'backup_code' }] : []),
]

/** The page's own sign-in. @throws {BackendError} 404 */
function signInAt({ instance, client, path }: PageCall): SignIn {
  const { sign_in_id: id = '' } = path
  const signIn = instance.state.signIns.get(id) as SignIn | undefined
  if (!signIn || signIn.client_id !== client.id || isAbandoned(instance, signIn)) throw notFound('sign in')
  return signIn
}

/** @throws {BackendError} 403 for a user who may not sign in, 400 for one who is signed in here */
function assertMaySignIn({ instance, client }: PageCall, user: UserJSON): void {
  if (user.banned) throw new BackendError(403, 'user_banned', 'This account is banned.')
  if (user.locked) {
    throw new BackendError(403, 'user_locked', 'This account is locked.', {
      meta: { lockout_expires_in_seconds: user.lockout_expires_in_seconds },
    })
  }
  const session = sessionsOf(instance, client).find(({ user_id }) => user_id === user.id)
  if (!session) return
  throw new BackendError(400, 'identifier_already_signed_in', "You're already signed in.", {
    meta: { session_id: session.id },
  })
}

function create(call: PageCall): object {
  const { instance, client, texts } = call
  const now = instance.now()
  const signIn: SignIn = {
    id: newId('sia'),
    object: 'sign_in_attempt',
    client_id: client.id,
    user_id: null,
    identifier: null,
    status: 'needs_identifier',
    first: null,
    second: null,
    actor: null,
    created_session_id: null,
    created_at: now,
    updated_at: now,
  }
  const { strategy, ticket } = texts
  if (strategy === 'ticket' || ticket) return withTicket(call, signIn, ticket ?? '')
  if (strategy && !strategies.has(strategy)) throw invalidValue('strategy', [...strategies.keys(), 'ticket'])
  if (texts.identifier !== undefined) identify(call, signIn, texts.identifier)
  else if (strategy) throw missingParameter('identifier')
  keep(call, signIn)
  if (strategy === 'password') attemptFirst(call, signIn)
  else if (strategy) prepareFirst(call, signIn)
  return signInJson(instance, signIn)
}

/** A client has one sign-in: a new one takes the place of the old. */
function keep({ instance, client }: PageCall, signIn: SignIn): void {
  instance.state.signIns.delete(client.sign_in_id ?? '')
  instance.state.signIns.set(signIn.id, signIn)
  client.sign_in_id = signIn.id
}

function identify(call: PageCall, signIn: SignIn, given: string): void {
  const identifier = given.trim()
  const [id = ''] = kinds.flatMap((kind) => findByIdentifier(call.instance, kind, identifier) ?? [])
  const user = call.instance.state.users.get(id)
  if (!user) {
    throw new BackendError(422, 'form_identifier_not_found', "Couldn't find your account.", {
      meta: { param_name: 'identifier' },
    })
  }
  assertMaySignIn(call, user)
  Object.assign(signIn, { user_id: user.id, identifier, status: 'needs_first_factor' })
}

/** What follows the link of a sign-in token: no other proof is asked for. */
function withTicket(call: PageCall, signIn: SignIn, token: string): object {
  const { instance } = call
  const ticket = redeemTicket(instance, token, (userId) => {
    const user = instance.state.users.get(userId)
    if (user) assertMaySignIn(call, user)
  })
  if (!ticket) {
    throw new BackendError(400, 'ticket_invalid_code', 'The ticket is used, revoked, expired or unknown.')
  }
  Object.assign(signIn, { user_id: ticket.user_id, first: verified('ticket'), actor: ticket.actor })
  keep(call, signIn)
  complete(call, signIn)
  return signInJson(instance, signIn)
}

/** How a code reaches the user, by strategy; `null` where none is sent. */
const strategies: ReadonlyMap<string, 'email_addresses' | 'phone_numbers' | null> = new Map([
  ['password', null],
  ['email_code', 'email_addresses'],
  ['phone_code', 'phone_numbers'],
  ['reset_password_email_code', 'email_addresses'],
  ['reset_password_phone_code', 'phone_numbers'],
])

/** @throws {BackendError} 422 where the user has no such address */
function contactFor({ texts }: PageCall, signIn: SignIn, user: UserJSON): Contact {
  const contacts = proven(user[strategies.get(texts.strategy ?? '') ?? 'email_addresses'])
  const wanted = texts.email_address_id ?? texts.phone_number_id
  const typed = contacts.find((one) => addressOf(one) === signIn.identifier?.toLowerCase())
  const primary = contacts.find(({ id }) =>
    [user.primary_email_address_id, user.primary_phone_number_id].includes(id),
  )
  const contact = wanted ? contacts.find(({ id }) => id === wanted) : (typed ?? primary ?? contacts[0])
  if (contact) return contact
  throw new BackendError(
    422,
    'strategy_for_user_invalid',
    'The verification strategy is not valid for this account',
  )
}

function prepareFirst(call: PageCall, signIn: SignIn): void {
  const { instance, texts } = call
  const { strategy = '' } = texts
  const user = userOf(instance, signIn)
  if (!user) throw missingParameter('identifier')
  if (!strategies.get(strategy)) throw invalidValue('strategy', [...strategies.keys()].slice(1))
  const contact = contactFor(call, signIn, user)
  signIn.first = sent(instance, strategy)
  touch(instance, signIn)
  const slug = strategy.startsWith('reset_password') ? 'reset_password_code' : 'verification_code'
  if (contact.object === 'email_address')
    sendEmail(instance, { slug, userId: user.id, contact, code: testCode })
  else sendSms(instance, { slug, userId: user.id, contact, code: testCode })
}

function attemptFirst(call: PageCall, signIn: SignIn): void {
  const { instance, texts } = call
  const { strategy = '', password = '', code } = texts
  const user = userOf(instance, signIn)
  if (!user) throw missingParameter('identifier')
  if (strategy === 'password') {
    if (!user.password_enabled) {
      throw new BackendError(
        422,
        'strategy_for_user_invalid',
        'The verification strategy is not valid for this account',
      )
    }
    if (!checkPassword(instance, user.id, password)) {
      throw new BackendError(
        422,
        'form_password_incorrect',
        'Password is incorrect. Try again, or use another method.',
        {
          meta: { param_name: 'password' },
        },
      )
    }
    signIn.first = verified('password')
  } else if (strategies.get(strategy)) proveCode(instance, signIn.first, strategy, code)
  else throw invalidValue('strategy', [...strategies.keys()])
  touch(instance, signIn)
  if (strategy.startsWith('reset_password')) signIn.status = 'needs_new_password'
  else proceed(call, signIn, user)
}

/** To the second factor, where the user has one. */
function proceed(call: PageCall, signIn: SignIn, user: UserJSON): void {
  if (user.two_factor_enabled && secondFactors(user).length > 0) signIn.status = 'needs_second_factor'
  else complete(call, signIn)
}

function complete({ instance, client }: PageCall, signIn: SignIn): void {
  const session = createSession(instance, { userId: signIn.user_id ?? '', client, actor: signIn.actor })
  Object.assign(signIn, { status: 'complete', created_session_id: session.id })
  touch(instance, signIn)
  // The page has its answer; nothing is left to be continued.
  instance.state.signIns.delete(signIn.id)
  client.sign_in_id = null
}

/** The page's own sign-in, at this step. @throws {BackendError} 400 for a step that is not the next; as {@link assertMaySignIn} */
function signInBefore(call: PageCall, status: SignIn['status']): SignIn {
  const signIn = signInAt(call)
  if (signIn.status !== status) {
    throw new BackendError(400, 'client_state_invalid', 'The action is not possible now.', {
      longMessage: `The sign-in is ${signIn.status}, not ${status}.`,
    })
  }
  const user = userOf(call.instance, signIn)
  // What was true when the user was named may have changed since.
  if (user) assertMaySignIn(call, user)
  return signIn
}

const attempt = { parameters: { strategy: text, code: text, password: text }, limit: 'attempt' } as const
const prepare = { parameters: { strategy: text, email_address_id: text, phone_number_id: text } } as const
const path = '/client/sign_ins/{sign_in_id}'

export const signInOperations = [
  open('POST', '/client/sign_ins', create, {
    parameters: { strategy: text, identifier: text, password: text, ticket: text },
    limit: 'attempt',
  }),
  open('GET', path, (call) => signInJson(call.instance, signInAt(call))),
  open(
    'POST',
    `${path}/prepare_first_factor`,
    (call) => {
      const signIn = signInBefore(call, 'needs_first_factor')
      prepareFirst(call, signIn)
      return signInJson(call.instance, signIn)
    },
    { ...prepare, required: ['strategy'] },
  ),
  open(
    'POST',
    `${path}/attempt_first_factor`,
    (call) => {
      const signIn = signInBefore(call, 'needs_first_factor')
      attemptFirst(call, signIn)
      return signInJson(call.instance, signIn)
    },
    { ...attempt, required: ['strategy'] },
  ),
  open(
    'POST',
    `${path}/attempt_second_factor`,
    (call) => {
      const { instance, texts } = call
      const signIn = signInBefore(call, 'needs_second_factor')
      const user_id = signIn.user_id ?? ''
      instance.call('VerifyTOTP', { path: { user_id }, body: { code: texts.code } })
      signIn.second = verified(texts.strategy ?? 'totp')
      complete(call, signIn)
      return signInJson(instance, signIn)
    },
    attempt,
  ),
  open(
    'POST',
    `${path}/reset_password`,
    (call) => {
      const { instance, texts, given } = call
      const signIn = signInBefore(call, 'needs_new_password')
      const user = userOf(instance, signIn)
      if (!user) throw notFound('user')
      const { sign_out_of_other_sessions } = given
      instance.call('UpdateUser', {
        path: { user_id: user.id },
        body: { password: texts.password, sign_out_of_other_sessions },
      })
      proceed(call, signIn, user)
      return signInJson(instance, signIn)
    },
    { parameters: { password: text, sign_out_of_other_sessions: flag }, required: ['password'] },
  ),
]
