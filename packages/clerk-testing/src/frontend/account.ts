import { randomBytes } from 'node:crypto'
import { isVerified } from '../resources/contacts.js'
import { newId } from '../resources/ids.js'
import type { EmailAddressJSON, UserJSON } from '../resources/json.js'
import { checkPassword } from '../resources/passwords.js'
import { endSession } from '../resources/sessions.js'
import { totp } from '../resources/totp.js'
import { BackendError, notFound } from '../server/errors.js'
import { userJson } from './json.js'
import { metadataOf } from './metadata.js'
import { own, parameter, type SignedInCall } from './operation.js'
import { assertNotLast } from './organizations.js'

const { text, flag } = parameter

const pathOf = ({ user }: SignedInCall) => ({ user_id: user.id })
const shown = ({ instance, user }: SignedInCall) => userJson(instance, user)

function update(call: SignedInCall): object {
  const { instance, texts, user } = call
  const { primary_email_address_id: primary } = texts
  if (primary && !isVerified(emailAt(call, primary)))
    throw new BackendError(400, 'verification_missing', 'The e-mail address is not verified.')
  // An empty field is an empty one.
  const profile = ['username', 'first_name', 'last_name'].flatMap((name) =>
    texts[name] === undefined ? [] : [[name, texts[name] || null]],
  )
  instance.call('UpdateUser', {
    path: pathOf(call),
    body: { ...Object.fromEntries(profile), ...(primary ? { primary_email_address_id: primary } : {}) },
  })
  return userJson(instance, user)
}

/** @throws {BackendError} 422 for a wrong one, where the user has a password */
function assertCurrentPassword({ instance, user, texts }: SignedInCall): void {
  if (!user.password_enabled || checkPassword(instance, user.id, texts.current_password ?? '')) return
  throw new BackendError(422, 'form_password_incorrect', 'Password is incorrect. Try again.', {
    meta: { param_name: 'current_password' },
  })
}

function changePassword(call: SignedInCall): object {
  const { instance, user, session, texts, given } = call
  assertCurrentPassword(call)
  instance.call('UpdateUser', { path: pathOf(call), body: { password: texts.new_password } })
  if (given.sign_out_of_other_sessions === true) {
    for (const other of [...instance.state.sessions.values()]) {
      if (other.user_id === user.id && other.id !== session.id) endSession(instance, other.id, 'revoked')
    }
  }
  return userJson(instance, user)
}

/** The user's own address. @throws {BackendError} 404 */
function emailAt({ user }: SignedInCall, id: string): EmailAddressJSON {
  const email = user.email_addresses.find((one) => one.id === id)
  if (!email) throw notFound('email address')
  return email
}

const emailPath = '/me/email_addresses/{email_id}'
/** An operation of the Backend API on the address of the path. */
const onEmail =
  (
    id: 'PrepareEmailAddressVerification' | 'AttemptEmailAddressVerification',
    body?: (call: SignedInCall) => object,
  ) =>
  (call: SignedInCall): object => {
    const email = emailAt(call, call.path.email_id ?? '')
    // A new code would make of it one that is not proved.
    if (isVerified(email))
      throw new BackendError(400, 'verification_already_verified', 'The e-mail address is verified already.')
    call.instance.call(id, { path: { email_address_id: email.id }, body: body?.(call) })
    return email
  }

function removeEmail(call: SignedInCall): object {
  const { instance, user, path } = call
  const { id } = emailAt(call, path.email_id ?? '')
  const others = user.email_addresses.filter((one) => one.id !== id)
  // The one that becomes the primary one belongs to the user.
  if (others.length === 0 || (id === user.primary_email_address_id && !others.some(isVerified)))
    throw new BackendError(
      400,
      'last_required_identification_deletion_failed',
      'The last one cannot be removed.',
    )
  return instance.call<object>('DeleteEmailAddress', { path: { email_address_id: id } })
}

/** Secrets of authenticator apps that have not shown a code yet. */
const pendingSecrets = new WeakMap<UserJSON, string>()
const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

const totpJson = (call: SignedInCall, more: object) => ({
  object: 'totp',
  id: `totp_${call.user.id.slice('user_'.length)}`,
  created_at: call.instance.now(),
  updated_at: call.instance.now(),
  ...more,
})

function createTotp(call: SignedInCall): object {
  const secret = [...randomBytes(32)].map((byte) => base32[byte % 32]).join('')
  pendingSecrets.set(call.user, secret)
  const label = encodeURIComponent(`Offline Clerk:${call.user.id}`)
  const uri = `otpauth://totp/${label}?issuer=Offline%20Clerk&secret=${secret}`
  return totpJson(call, { secret, uri, verified: false, backup_codes: null })
}

function verifyTotp(call: SignedInCall): object {
  const { instance, user, texts } = call
  const secret = pendingSecrets.get(user)
  const near = [-30_000, 0, 30_000].map((ms) => secret && totp(secret, instance.now() + ms))
  if (secret === undefined || !near.includes(texts.code))
    throw new BackendError(422, 'form_code_incorrect', 'Incorrect code', { meta: { param_name: 'code' } })
  const backup_codes = newBackupCodes()
  instance.call('UpdateUser', { path: pathOf(call), body: { totp_secret: secret, backup_codes } })
  pendingSecrets.delete(user)
  return totpJson(call, { verified: true, backup_codes })
}

const newBackupCodes = () => Array.from({ length: 10 }, () => randomBytes(4).toString('hex'))

function setPicture(call: SignedInCall): object {
  call.instance.call('SetUserProfileImage', { path: pathOf(call), file: call.file })
  return { object: 'image', id: call.user.id, name: 'profile', public_url: call.user.image_url }
}

export const accountOperations = [
  own('GET', '/me', shown),
  own('PATCH', '/me', update, {
    parameters: { username: text, first_name: text, last_name: text, primary_email_address_id: text },
  }),
  own('DELETE', '/me', (call) => {
    const { instance, user } = call
    if (!user.delete_self_enabled)
      throw new BackendError(403, 'delete_self_not_allowed', 'The user may not delete the account.')
    assertNotLast(instance, user)
    return instance.call<object>('DeleteUser', { path: pathOf(call) })
  }),
  own(
    'PATCH',
    '/me/metadata',
    (call) => {
      const unsafe_metadata = metadataOf(call.texts.unsafe_metadata ?? '')
      call.instance.call('UpdateUserMetadata', { path: pathOf(call), body: { unsafe_metadata } })
      return shown(call)
    },
    { parameters: { unsafe_metadata: { type: 'string', maxLength: 8192 } }, required: ['unsafe_metadata'] },
  ),
  own('POST', '/me/change_password', changePassword, {
    parameters: { current_password: text, new_password: text, sign_out_of_other_sessions: flag },
    required: ['new_password'],
    limit: 'attempt',
  }),
  own(
    'POST',
    '/me/remove_password',
    (call) => {
      assertCurrentPassword(call)
      call.instance.call('RemoveUserPassword', { path: pathOf(call), body: {} })
      return shown(call)
    },
    { parameters: { current_password: text }, limit: 'attempt' },
  ),
  own('POST', '/me/profile_image', setPicture),
  own('DELETE', '/me/profile_image', (call) => {
    call.instance.call('DeleteUserProfileImage', { path: pathOf(call) })
    return { object: 'image', id: call.user.id, deleted: true }
  }),

  own('GET', '/me/email_addresses', ({ user }) => user.email_addresses),
  own(
    'POST',
    '/me/email_addresses',
    ({ instance, user, texts }) =>
      instance.call<object>('CreateEmailAddress', {
        body: { user_id: user.id, email_address: texts.email_address, verified: false },
      }),
    { parameters: { email_address: text }, required: ['email_address'] },
  ),
  own('GET', emailPath, (call) => emailAt(call, call.path.email_id ?? '')),
  own('DELETE', emailPath, removeEmail),
  own('POST', `${emailPath}/prepare_verification`, onEmail('PrepareEmailAddressVerification')),
  own(
    'POST',
    `${emailPath}/attempt_verification`,
    onEmail('AttemptEmailAddressVerification', ({ texts, path }) => ({
      // Named as the Backend API names it.
      verification_id: `ver_${(path.email_id ?? '').slice('idn_'.length)}`,
      code: texts.code,
    })),
    { parameters: { code: text }, required: ['code'], limit: 'attempt' },
  ),

  own('POST', '/me/totp', createTotp),
  own('POST', '/me/totp/attempt_verification', verifyTotp, { parameters: { code: text }, limit: 'attempt' }),
  own('DELETE', '/me/totp', (call) => {
    call.instance.call('DeleteTOTP', { path: pathOf(call) })
    return { object: 'totp', id: '', deleted: true }
  }),
  own('POST', '/me/backup_codes', (call) => {
    const { instance } = call
    const codes = newBackupCodes()
    instance.call('UpdateUser', { path: pathOf(call), body: { backup_codes: codes } })
    return {
      object: 'backup_code',
      id: newId('idn'),
      codes,
      created_at: instance.now(),
      updated_at: instance.now(),
    }
  }),
]
