import type { MongoStoreOptions } from '../options.js'

/** An application whose documents call everything otherwise, and whose own fields have names of ours. */
export const MAPPED = {
  users: {
    fields: {
      ...{ clerkId: 'clerk_id', email: 'mail', emailLower: 'mail_lower', emailVerified: 'mail_verified' },
      ...{ username: 'handle', phone: 'phone_number', firstName: 'first_name', lastName: 'last_name' },
      ...{ imageUrl: 'picture', externalId: 'external_id', publicMetadata: 'clerk_public' },
      ...{ privateMetadata: 'clerk_private', banned: 'clerk_banned', deprovisioned: 'clerk_deprovisioned' },
      ...{
        locked: null,
        isActive: 'is_enabled',
        clerkCreatedAt: 'clerk_created',
        lastSignInAt: 'signed_in_at',
      },
      ...{ lastActiveAt: null, version: 'clerk_version', deletedAt: 'removed_at' },
    },
  },
  organizations: {
    fields: {
      ...{ clerkId: 'clerk_id', name: 'title', slug: 'path', imageUrl: null, version: 'clerk_version' },
      ...{ publicMetadata: null, clerkCreatedAt: 'since', deletedAt: 'removed_at' },
    },
  },
  memberships: {
    fields: {
      ...{ clerkId: 'clerk_id', orgId: 'org', userId: 'member', role: 'kind', permissions: 'may' },
      ...{ publicMetadata: null, createdAt: 'since', version: 'clerk_version', deletedAt: 'removed_at' },
    },
  },
  roles: {
    fields: {
      ...{ clerkId: 'clerk_id', key: 'code', name: 'title', permissions: 'may' },
      ...{ version: 'clerk_version', deletedAt: 'removed_at' },
    },
  },
  invitations: {
    fields: {
      ...{ clerkId: 'clerk_id', orgId: 'org', email: 'mail', role: 'kind', status: 'state' },
      ...{ publicMetadata: null, clerkCreatedAt: 'since', expiresAt: 'until', deletedAt: 'removed_at' },
    },
  },
  inbox: {
    fields: {
      ...{
        type: 'kind',
        timestamp: 'at',
        subjects: 'about',
        body: 'raw',
        attempts: 'tries',
        succeeded: 'ok',
      },
      ...{ status: 'state', owner: 'holder', error: 'failure', reason: 'why', receivedAt: 'received' },
      ...{ dueAt: 'due', leaseUntil: 'lease', finishedAt: 'finished' },
    },
  },
  changes: {
    fields: {
      ...{ eventId: 'of', type: 'kind', subjects: 'about', narrows: 'taken', narrowing: 'takes' },
      ...{ version: 'clerk_version', at: 'written', given: 'last', givenAt: 'last_at' },
    },
  },
} as const satisfies MongoStoreOptions
