import type { OperationName } from '../../ground/api/operations.js'
import { scan } from '../../ground/api/scan.js'
import {
  type ApiOptions,
  type Call,
  createTransport,
  type TransportSeams,
} from '../../ground/api/transport.js'
import { ClerkApiError, WebhookDataError } from '../../ground/errors.js'
import { isObject, readJson } from '../../ground/json/json-reader.js'
import type { Observer } from '../../ground/observe/observer.js'
import type { InvitationSnapshot, MembershipSnapshot } from '../store/organization.js'
import type {
  ClerkApi,
  ClerkEmailAddress,
  ClerkInvitation,
  ClerkSession,
  PageOptions,
  ReadOptions,
  SessionFilter,
  UserFilter,
} from './clerk-api.js'
import {
  invitationSnapshotFromClerk,
  membershipSnapshotFromClerk,
  organizationSnapshotFromClerk,
  roleSnapshotFromClerk,
} from './organization-snapshot.js'
import { userSnapshotFromClerk } from './user-snapshot.js'

/** The Backend API client. Without a secret key every method rejects with {@link ConfigurationError}. */
export function createClerkApi(
  options: ApiOptions,
  observer: Observer,
  seams?: TransportSeams,
  /** Of calls that are no pages of a scan. */
  patience: Call['patience'] = 'request',
): ClerkApi {
  const transport = createTransport(options, observer, seams)

  /** Sends a request and reads the response; one that is not what Clerk documents counts as no response. */
  async function send<T>(name: OperationName, call: Call, read: (json: unknown, version: number) => T) {
    // What has no `updated_at` is as old as the request, never newer than an event that came meanwhile.
    const sentAt = options.now()
    const json = await transport(name, { patience, ...call })
    try {
      return read(json, sentAt)
    } catch (cause) {
      if (!(cause instanceof WebhookDataError)) throw cause
      throw new ClerkApiError(`Clerk's response to ${name} is not as documented: ${cause.message}`, {
        status: 0,
        cause,
      })
    }
  }

  const readUser =
    ({ privateMetadata = false }: ReadOptions = {}) =>
    (json: unknown, version: number) =>
      userSnapshotFromClerk(json, { version, privateMetadata })
  const readOrganization =
    ({ privateMetadata = false }: ReadOptions = {}) =>
    (json: unknown, version: number) =>
      organizationSnapshotFromClerk(json, { version, privateMetadata })
  const readMembership = (json: unknown, version: number) => membershipSnapshotFromClerk(json, { version })
  const readRole = (json: unknown, version: number) => roleSnapshotFromClerk(json, { version })
  const readInvitation = (json: unknown, version: number) => invitationSnapshotFromClerk(json, { version })
  const listOf =
    <T>(read: (json: unknown, version: number) => T) =>
    (json: unknown, version: number): readonly T[] =>
      rowsOf(json).map((row) => read(row, version))
  const nothing = () => undefined

  const each = <T extends Listed>(
    name: OperationName,
    call: Call,
    read: (json: unknown, version: number) => T,
    windowed = false,
  ): AsyncIterable<T> =>
    scan({
      windowed,
      id: (row) => ('clerkId' in row ? row.clerkId : row.id),
      createdAt: (row) => row.createdAt ?? 0,
      fetchPage: ({ limit, offset, createdAfter }) =>
        send(
          name,
          {
            ...call,
            patience: 'scan',
            query: {
              ...call.query,
              limit,
              offset,
              order_by: '+created_at',
              ...(createdAfter === undefined ? {} : { created_at_after: createdAfter }),
            },
          },
          listOf(read),
        ),
    })

  return {
    getUser: (userId, read) => send('getUser', { ids: [userId] }, readUser(read)),
    listUsers: (filter, page) =>
      send('listUsers', { query: { ...userQuery(filter), ...pageQuery(page) } }, listOf(readUser(page))),
    eachUser: (filter, read) => each('listUsers', { query: userQuery(filter) }, readUser(read), true),
    countUsers: (filter) =>
      send('countUsers', { query: userQuery(filter) }, (json) => readJson(json, 'count').time('total_count')),
    createUser: (input, read) => send('createUser', { body: snakeCase(input) }, readUser(read)),
    updateUser: (userId, input, read) =>
      send('updateUser', { ids: [userId], body: snakeCase(input) }, readUser(read)),
    updateUserMetadata: (userId, input, read) =>
      send('updateUserMetadata', { ids: [userId], body: snakeCase(input) }, readUser(read)),
    banUser: (userId, read) => send('banUser', { ids: [userId] }, readUser(read)),
    unbanUser: (userId, read) => send('unbanUser', { ids: [userId] }, readUser(read)),
    lockUser: (userId, read) => send('lockUser', { ids: [userId] }, readUser(read)),
    unlockUser: (userId, read) => send('unlockUser', { ids: [userId] }, readUser(read)),
    deleteUser: (userId) => send('deleteUser', { ids: [userId] }, nothing),
    eachMembershipOfUser: (userId) => each('listMembershipsOfUser', { ids: [userId] }, readMembership),

    getOrganization: (idOrSlug, read) => send('getOrganization', { ids: [idOrSlug] }, readOrganization(read)),
    listOrganizations: (filter = {}, page = {}) =>
      send(
        'listOrganizations',
        { query: { organization_id: filter.organizationId, ...pageQuery(page) } },
        listOf(readOrganization(page)),
      ),
    eachOrganization: (read) => each('listOrganizations', {}, readOrganization(read)),
    createOrganization: (input, read) =>
      send('createOrganization', { body: snakeCase(input) }, readOrganization(read)),
    updateOrganization: (orgId, input, read) =>
      send('updateOrganization', { ids: [orgId], body: snakeCase(input) }, readOrganization(read)),
    deleteOrganization: (orgId) => send('deleteOrganization', { ids: [orgId] }, nothing),

    listMemberships: (orgId, filter = {}, page = {}) =>
      send(
        'listMemberships',
        { ids: [orgId], query: { user_id: filter.userId, ...pageQuery(page) } },
        listOf(readMembership),
      ),
    eachMembership: (orgId) => each('listMemberships', { ids: [orgId] }, readMembership),
    eachInstanceMembership: () => each('listInstanceMemberships', {}, readMembership),
    createMembership: (orgId, input): Promise<MembershipSnapshot> =>
      send('createMembership', { ids: [orgId], body: snakeCase(input) }, readMembership),
    updateMembership: (orgId, userId, input) =>
      send('updateMembership', { ids: [orgId, userId], body: snakeCase(input) }, readMembership),
    deleteMembership: (orgId, userId) => send('deleteMembership', { ids: [orgId, userId] }, nothing),

    eachInvitation: (orgId) => each('listInvitations', { ids: [orgId] }, readInvitation),
    createInvitation: (orgId, input): Promise<InvitationSnapshot> =>
      send('createInvitation', { ids: [orgId], body: snakeCase(input) }, readInvitation),
    revokeInvitation: (orgId, invitationId, input = {}) =>
      send('revokeInvitation', { ids: [orgId, invitationId], body: snakeCase(input) }, readInvitation),

    getRole: (roleId) => send('getRole', { ids: [roleId] }, readRole),
    eachRole: () => each('listRoles', {}, readRole),

    createEmailAddress: (input) => send('createEmailAddress', { body: snakeCase(input) }, readEmailAddress),
    getEmailAddress: (id) => send('getEmailAddress', { ids: [id] }, readEmailAddress),
    updateEmailAddress: (id, input) =>
      send('updateEmailAddress', { ids: [id], body: snakeCase(input) }, readEmailAddress),
    setPrimaryEmailAddress: (id) =>
      send('updateEmailAddress', { ids: [id], body: { primary: true } }, readEmailAddress),
    deleteEmailAddress: (id) => send('deleteEmailAddress', { ids: [id] }, nothing),

    createInstanceInvitation: (input) =>
      send('createInstanceInvitation', { body: snakeCase(input) }, readInstanceInvitation),
    listInstanceInvitations: (filter, page) =>
      send(
        'listInstanceInvitations',
        { query: { ...filter, ...pageQuery(page) } },
        listOf(readInstanceInvitation),
      ),
    eachInstanceInvitation: (filter) =>
      each('listInstanceInvitations', { query: { ...filter } }, readInstanceInvitation),
    revokeInstanceInvitation: (id) =>
      send('revokeInstanceInvitation', { ids: [id], body: {} }, readInstanceInvitation),

    createTestingToken: () =>
      send('createTestingToken', {}, (json) => {
        const token = readJson(json, 'testing_token')
        // Clerk gives seconds here.
        return { token: token.string('token'), expiresAt: token.time('expires_at') * 1000 }
      }),
    getJwks: () => send('getJwks', {}, (json) => readJson({ jwks: json }, 'response').metadata('jwks')),

    getSession: (sessionId) => send('getSession', { ids: [sessionId] }, readSession),
    listSessions: (filter, page) =>
      send('listSessions', { query: { ...sessionQuery(filter), ...pageQuery(page) } }, listOf(readSession)),
    revokeSession: (sessionId) => send('revokeSession', { ids: [sessionId] }, readSession),
    createSession: (userId) => send('createSession', { body: { user_id: userId } }, readSession),
    createSessionToken: (sessionId, { template } = {}) =>
      template === undefined
        ? send('createSessionToken', { ids: [sessionId], body: {} }, readToken)
        : send('createTemplateToken', { ids: [sessionId, template], body: {} }, readToken),
    createSignInToken: (userId, input = {}) =>
      send('createSignInToken', { body: snakeCase({ userId, ...input }) }, (json) => {
        const ticket = readJson(json, 'sign_in_token')
        return { token: ticket.string('token'), url: ticket.optionalString('url') }
      }),
  }
}

/** What a scan tells rows apart by. */
type Listed = ({ readonly clerkId: string } | { readonly id: string }) & {
  readonly createdAt?: number | null
}

function readSession(json: unknown): ClerkSession {
  const session = readJson(json, 'session')
  return {
    id: session.id('id'),
    userId: session.id('user_id'),
    status: session.id('status'),
    lastActiveOrganizationId: session.optionalString('last_active_organization_id'),
    clientId: session.optionalString('client_id'),
    expireAt: session.optionalTime('expire_at'),
    createdAt: session.optionalTime('created_at'),
    updatedAt: session.optionalTime('updated_at'),
  }
}

function readEmailAddress(json: unknown): ClerkEmailAddress {
  const address = readJson(json, 'email_address')
  return {
    id: address.id('id'),
    emailAddress: address.string('email_address'),
    verified: address.optionalObject('verification')?.optionalString('status') === 'verified',
    createdAt: address.optionalTime('created_at'),
    updatedAt: address.optionalTime('updated_at'),
  }
}

function readInstanceInvitation(json: unknown): ClerkInvitation {
  const invitation = readJson(json, 'invitation')
  return {
    id: invitation.id('id'),
    emailAddress: invitation.string('email_address'),
    status: invitation.id('status'),
    url: invitation.optionalString('url'),
    publicMetadata: invitation.metadata('public_metadata'),
    expiresAt: invitation.optionalTime('expires_at'),
    createdAt: invitation.optionalTime('created_at'),
    updatedAt: invitation.optionalTime('updated_at'),
  }
}

function readToken(json: unknown): string {
  return readJson(json, 'token').string('jwt')
}

/** Some lists are bare arrays, the others `{ data, total_count }`. */
function rowsOf(json: unknown): readonly unknown[] {
  const rows = isObject(json) ? json.data : json
  if (!Array.isArray(rows)) throw new WebhookDataError('list is not a list.')
  return rows
}

function userQuery(filter: UserFilter = {}): NonNullable<Call['query']> {
  return {
    user_id: filter.userId,
    external_id: filter.externalId,
    email_address: filter.emailAddress,
    phone_number: filter.phoneNumber,
    username: filter.username,
    organization_id: filter.organizationId,
    query: filter.query,
    created_at_after: filter.createdAtAfter,
    created_at_before: filter.createdAtBefore,
    last_active_at_after: filter.lastActiveAtAfter,
    last_active_at_before: filter.lastActiveAtBefore,
  }
}

function sessionQuery({ userId, clientId, status }: SessionFilter): Call['query'] {
  return { user_id: userId, client_id: clientId, status }
}

function pageQuery({ limit, offset, orderBy }: PageOptions = {}): Call['query'] {
  return { limit, offset, order_by: orderBy }
}

/** Our names are in camel case, Clerk's in snake case; values, metadata above all, are left as they are. */
function snakeCase(input: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(input).map(([name, value]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value,
    ]),
  )
}
