import { action } from '../server/api.js'
import { deleteInvitationOperation } from '../server/beyond.js'
import { collection } from '../server/collection.js'
import { BackendError, duplicateRecord, invalidParameter, takenIdentifier } from '../server/errors.js'
import { findByIdentifier } from './identifiers.js'
import { type Instance, type Loose, touch } from './instance.js'
import type { InvitationJSON, Metadata } from './json.js'
import { sendEmail } from './messages.js'
import { invitationUrl, validEmail } from './organization-invitations.js'

const day = 86_400_000

interface NewInvitation {
  email_address: string
  public_metadata?: Metadata | null
  redirect_url?: string | null
  expires_in_days?: number | null
  ignore_existing?: boolean | null
  notify?: boolean | null
  template_slug?: string
}

const invitations = collection<InvitationJSON>({
  path: '/invitations',
  table: 'invitations',
  schema: 'Invitation',
  idPrefix: 'inv',
  search: ['email_address'],
  prepare(invitation, instance) {
    if (invitation.status !== 'pending' || invitation.expires_at === null) return
    if (instance.now() < invitation.expires_at) return
    invitation.status = 'expired'
    touch(instance, invitation)
  },
  except: ['CreateInvitation'],
})

function create(instance: Instance, body: NewInvitation): InvitationJSON {
  const email = validEmail(body.email_address)
  const taken =
    findByIdentifier(instance, 'email_address', email) !== undefined ||
    invitations.all(instance).some((one) => one.status === 'pending' && one.email_address === email)
  if (taken && body.ignore_existing !== true) {
    throw duplicateRecord('There is a pending invitation or a user with that email address already.')
  }
  const made = invitations.add(instance, {}, (invitation) => {
    Object.assign(invitation, {
      email_address: email,
      public_metadata: body.public_metadata ?? {},
      revoked: false,
      status: 'pending',
      url: invitationUrl(instance, invitation.id, body.redirect_url),
      expires_at: body.expires_in_days ? instance.now() + body.expires_in_days * day : null,
    })
  })
  if (body.notify !== false) {
    const slug = body.template_slug ?? 'invitation'
    sendEmail(instance, {
      slug,
      userId: null,
      contact: { email_address: email },
      ...(made.url ? { url: made.url } : {}),
    })
  }
  return made
}

const identifierType = (value: string) =>
  value.includes('@') ? 'email_address' : /^\+\d/.test(value) ? 'phone_number' : 'web3_wallet'

/** A list of whom the instance lets in, or keeps out. */
const identifierList = (table: 'allowlist' | 'blocklist', schema: string, idPrefix: 'alid' | 'blid') =>
  collection<Loose>({
    path: `/${table}_identifiers`,
    table,
    schema,
    idPrefix,
    unique: ['identifier'],
    normalise: (body) => ({ ...body, identifier: String(body.identifier).trim().toLowerCase() }),
    create(entry, { instance, body }) {
      const { identifier } = entry as unknown as { identifier: string }
      Object.assign(entry, { object: `${table}_identifier`, identifier_type: identifierType(identifier) })
      entry.instance_id = instance.instanceId
      if (body.notify === true && identifier.includes('@') && !identifier.startsWith('*')) {
        entry.invitation_id = create(instance, { email_address: identifier, ignore_existing: true }).id
      }
    },
  })

const waitlist = collection<Loose>({
  path: '/waitlist_entries',
  table: 'waitlist',
  schema: 'WaitlistEntry',
  idPrefix: 'wle',
  events: 'waitlistEntry',
  search: ['email_address'],
  reads: { invited_at: (entry) => entry.invited_at as number | undefined },
  normalise: (body) => ({ ...body, email_address: validEmail(String(body.email_address)) }),
  unique: ['email_address'],
  create(entry) {
    Object.assign(entry, { status: 'pending', is_locked: false })
  },
  json: (entry, { state }) => ({
    ...entry,
    invitation: state.invitations.get(String(entry.invitation_id)) ?? null,
  }),
})

const decide =
  (status: 'invited' | 'rejected', from: readonly string[]) =>
  ({
    instance,
    path,
    body,
  }: {
    instance: Instance
    path: Readonly<Record<string, string>>
    body: object
  }) => {
    const entry = waitlist.find(instance, path.waitlist_entry_id ?? '')
    if (!from.includes(String(entry.status))) {
      throw new BackendError(409, 'waitlist_entry_not_pending', 'conflict', {
        longMessage: `The entry is ${entry.status}.`,
      })
    }
    if (status === 'invited') {
      const options = { ...body, template_slug: 'waitlist_invitation' }
      const invitation = create(instance, { ...options, email_address: String(entry.email_address) })
      Object.assign(entry, { invitation_id: invitation.id, invited_at: instance.now() })
    }
    entry.status = status
    return waitlist.json(instance, waitlist.changed(instance, entry))
  }

const redirectUrls = collection<Loose>({
  path: '/redirect_urls',
  table: 'redirectUrls',
  schema: 'RedirectURL',
  idPrefix: 'ru',
  noun: 'redirect URL',
  unique: ['url'],
  create({ url }) {
    if (!URL.canParse(String(url))) throw invalidParameter('url', 'a URL')
  },
})

export const invitationOperations = [
  ...invitations.bindings,
  ...identifierList('allowlist', 'AllowlistIdentifier', 'alid').bindings,
  ...identifierList('blocklist', 'BlocklistIdentifier', 'blid').bindings,
  ...waitlist.bindings,
  ...redirectUrls.bindings,
  action<NewInvitation>('CreateInvitation', ({ instance, body }) => create(instance, body), {
    limit: 'invitation',
  }),
  action<NewInvitation[]>(
    'CreateBulkInvitations',
    ({ instance, body }) => {
      if (body.length > 10) throw invalidParameter('body', 'a list of at most 10')
      return body.map((one) => create(instance, one))
    },
    { limit: 'invitation' },
  ),
  action('RevokeInvitation', ({ instance, path }) => {
    const invitation = invitations.find(instance, path.invitation_id ?? '')
    if (invitation.status !== 'pending') {
      throw new BackendError(400, 'invitation_already_accepted', 'not pending', {
        longMessage: `The invitation is ${invitation.status}.`,
      })
    }
    invitation.status = 'revoked'
    invitation.revoked = true
    return invitations.changed(instance, invitation)
  }),
  action(deleteInvitationOperation, ({ instance, path }) => {
    const { id } = invitations.find(instance, path.invitation_id ?? '')
    instance.state.invitations.delete(id)
    return { id, object: 'invitation', deleted: true }
  }),
  action<{ email_address: string }[]>('CreateBulkWaitlistEntries', ({ instance, body }) =>
    body.map(({ email_address: given }) => {
      const email = validEmail(given)
      if (waitlist.all(instance).some((one) => one.email_address === email))
        throw takenIdentifier('email_address')
      const made = waitlist.add(instance, { email_address: email, status: 'pending', is_locked: false })
      return waitlist.json(instance, made)
    }),
  ),
  action('InviteWaitlistEntry', decide('invited', ['pending', 'rejected'])),
  action('RejectWaitlistEntry', decide('rejected', ['pending', 'invited'])),
]
