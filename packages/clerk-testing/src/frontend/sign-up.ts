import { assertContact, emailKind, normalEmail, testCode } from '../resources/contacts.js'
import { type Loose, touch } from '../resources/instance.js'
import type { UserJSON } from '../resources/json.js'
import { sendEmail } from '../resources/messages.js'
import { digestOf, ownHasher } from '../resources/passwords.js'
import { createSession } from '../resources/sessions.js'
import { signUps } from '../resources/tickets.js'
import { assertAllowed, assertProfile, getUser } from '../resources/users.js'
import { BackendError, invalidValue, missingParameter, notFound } from '../server/errors.js'
import { acceptInvitation, assertAcceptable, type Invited, pendingInvitation } from './invitation.js'
import { metadataOf } from './metadata.js'
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

const { text } = parameter

/** A sign-up that a page has begun. The Backend API shows those of its fields that its schema names. */
export interface SignUp extends Loose {
  client_id: string
  status: 'missing_requirements' | 'complete'
  email_address: string | null
  username: string | null
  first_name: string | null
  last_name: string | null
  /** Of the password, from which it cannot be read. */
  digest: string | null
  unsafe_metadata: Record<string, unknown>
  email: Verification | null
  invitation: string | null
  created_user_id: string | null
  created_session_id: string | null
}

const required = ['email_address', 'password']
const optional = ['first_name', 'last_name', 'username']
const profile = ['first_name', 'last_name', 'username'] as const

const has = (signUp: SignUp, field: string) =>
  field === 'password' ? signUp.digest !== null || signUp.created_user_id !== null : signUp[field] !== null
const missing = (signUp: SignUp) => required.filter((field) => !has(signUp, field))
const unverified = ({ email_address, email }: SignUp) =>
  email_address !== null && email?.status !== 'verified' ? ['email_address'] : []

export function signUpJson(stored: Loose): object {
  const signUp = stored as SignUp
  const { email, id, created_at, email_address } = signUp
  const next = email?.status === 'verified' ? '' : email === null ? 'needs_prepare' : 'needs_attempt'
  return {
    object: 'sign_up_attempt',
    id,
    status: signUp.status,
    required_fields: required,
    optional_fields: optional,
    missing_fields: missing(signUp),
    unverified_fields: unverified(signUp),
    verifications: {
      email_address:
        email_address === null
          ? null
          : {
              ...(verificationJson(email) ?? { status: 'unverified', strategy: null }),
              next_action: next,
              supported_strategies: ['email_code'],
            },
      phone_number: null,
      web3_wallet: null,
      external_account: null,
    },
    username: signUp.username,
    first_name: signUp.first_name,
    last_name: signUp.last_name,
    email_address,
    phone_number: null,
    web3_wallet: null,
    external_account: null,
    external_account_strategy: null,
    has_password: has(signUp, 'password'),
    password_enabled: has(signUp, 'password'),
    unsafe_metadata: signUp.unsafe_metadata,
    public_metadata: {},
    custom_action: false,
    external_id: null,
    created_session_id: signUp.created_session_id,
    created_user_id: signUp.created_user_id,
    abandon_at: abandonAt(created_at),
    legal_accepted_at: null,
    locale: null,
  }
}

/** The page's own sign-up. @throws {BackendError} 404 */
function signUpAt({ instance, client, path }: PageCall): SignUp {
  const signUp = instance.state.signUps.get(path.sign_up_id ?? '') as SignUp | undefined
  if (!signUp || signUp.client_id !== client.id || isAbandoned(instance, signUp)) throw notFound('sign up')
  return signUp
}

function create(call: PageCall): object {
  const { instance, client, texts } = call
  assertStrategy(call, ['email_code', 'ticket', 'password'])
  const invitation = texts.ticket ? pendingInvitation(instance, texts.ticket) : null
  if (invitation === undefined)
    throw new BackendError(400, 'ticket_invalid_code', 'The invitation is used, revoked, expired or unknown.')
  const fields = {
    object: 'sign_up_attempt',
    client_id: client.id,
    status: 'missing_requirements',
    email_address: null,
    username: null,
    first_name: null,
    last_name: null,
    digest: null,
    unsafe_metadata: {},
    email: null,
    invitation: null,
    created_user_id: null,
    created_session_id: null,
  }
  const signUp = { ...fields } as unknown as SignUp
  apply(call, signUp, invitation)
  instance.state.signUps.delete(client.sign_up_id ?? '')
  const made = signUps.add(instance, {}, (stored) => Object.assign(stored, signUp)) as SignUp
  client.sign_up_id = made.id
  return finish(call, made)
}

/** Nothing is changed where one of the values is refused. @throws {BackendError} 403 or 422 */
function apply(call: PageCall, signUp: SignUp, invitation: Invited | null): void {
  const { instance, texts } = call
  const email = invitation?.email_address ?? texts.email_address
  const changes: Partial<SignUp> = {}
  if (email && normalEmail(email) !== signUp.email_address) {
    assertContact(instance, emailKind, email)
    if (!invitation) assertAllowed(instance, [email])
    Object.assign(changes, {
      email_address: normalEmail(email),
      email: invitation ? verified('ticket') : null,
      // What an invitation says is said of its own address.
      invitation: null,
    })
  }
  const named = Object.fromEntries(
    profile.flatMap((name) => (texts[name] === undefined ? [] : [[name, texts[name] || null]])),
  )
  assertProfile(instance, { ...named, ...(texts.password ? { password: texts.password } : {}) })
  if (texts.password) changes.digest = digestOf(texts.password)
  if (texts.unsafe_metadata) changes.unsafe_metadata = metadataOf(texts.unsafe_metadata)
  if (invitation) changes.invitation = invitation.id
  Object.assign(signUp, named, changes)
}

/** Makes the user as soon as nothing is missing: `user.created`, then a session. */
function finish({ instance, client }: PageCall, signUp: SignUp): object {
  touch(instance, signUp)
  if (missing(signUp).length > 0 || unverified(signUp).length > 0) return shown(signUp)
  assertAcceptable(instance, signUp.invitation ?? '', signUp.email_address)
  const { id } = instance.call<UserJSON>('CreateUser', {
    body: {
      email_address: [signUp.email_address],
      username: signUp.username,
      first_name: signUp.first_name,
      last_name: signUp.last_name,
      password_hasher: ownHasher,
      password_digest: signUp.digest,
      unsafe_metadata: signUp.unsafe_metadata,
      public_metadata: pendingInvitation(instance, signUp.invitation ?? '')?.public_metadata ?? {},
    },
  })
  acceptInvitation(instance, signUp.invitation ?? '', getUser(instance, id))
  const session = createSession(instance, { userId: id, client })
  Object.assign(signUp, {
    status: 'complete',
    created_user_id: id,
    created_session_id: session.id,
    digest: null,
  })
  client.sign_up_id = null
  return shown(signUp)
}

/** What the page sees is kept for the Backend API. */
function shown(signUp: SignUp): object {
  const json = signUpJson(signUp)
  Object.assign(signUp, json)
  return json
}

/** @throws {BackendError} 400 */
function expectOpen(signUp: SignUp): SignUp {
  if (signUp.status !== 'complete') return signUp
  throw new BackendError(400, 'client_state_invalid', 'The action is not possible now.', {
    longMessage: 'The sign-up is complete.',
  })
}

/** @throws {BackendError} 422 */
function assertStrategy({ texts: { strategy } }: PageCall, known: readonly string[] = ['email_code']): void {
  if (strategy && !known.includes(strategy)) throw invalidValue('strategy', known)
}

const fields = {
  parameters: {
    email_address: text,
    password: text,
    first_name: text,
    last_name: text,
    username: text,
    unsafe_metadata: { type: 'string', maxLength: 8192 },
    strategy: text,
    ticket: text,
  },
  limit: 'attempt',
} as const
const path = '/client/sign_ups/{sign_up_id}'

export const signUpOperations = [
  open('POST', '/client/sign_ups', create, fields),
  open('GET', path, (call) => signUpJson(signUpAt(call))),
  open(
    'PATCH',
    path,
    (call) => {
      const signUp = expectOpen(signUpAt(call))
      apply(call, signUp, null)
      return finish(call, signUp)
    },
    fields,
  ),
  open(
    'POST',
    `${path}/prepare_verification`,
    (call) => {
      const { instance } = call
      assertStrategy(call)
      const signUp = expectOpen(signUpAt(call))
      const { email_address } = signUp
      if (email_address === null) throw missingParameter('email_address')
      signUp.email = sent(instance, 'email_code')
      sendEmail(instance, {
        slug: 'verification_code',
        userId: null,
        contact: { email_address },
        code: testCode,
      })
      return shown(signUp)
    },
    { parameters: { strategy: text } },
  ),
  open(
    'POST',
    `${path}/attempt_verification`,
    (call) => {
      assertStrategy(call)
      const signUp = expectOpen(signUpAt(call))
      proveCode(call.instance, signUp.email, 'email_code', call.texts.code)
      return finish(call, signUp)
    },
    { parameters: { strategy: text, code: text }, limit: 'attempt' },
  ),
]
