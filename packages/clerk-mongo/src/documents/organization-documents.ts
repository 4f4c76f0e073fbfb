import {
  carried,
  type InvitationSnapshot,
  type MembershipIdentity,
  type MembershipSnapshot,
  type OrganizationSnapshot,
  type RoleSnapshot,
  storable,
} from '@acme/clerk-core/store'
import type { Document } from 'mongodb'
import { versionOf } from '../collection/changes.js'
import type { MongoInvitation, MongoMembership, MongoOrganization, MongoRole } from '../rows.js'
import { dateOf, dateOrNull, textOrNull } from './fields.js'
import { decodeMetadata, encodeCarried } from './metadata.js'

export function organizationDocument(snapshot: OrganizationSnapshot): Document {
  const { name, slug, imageUrl, publicMetadata, privateMetadata, membersCount, createdAt } = snapshot
  return carried({
    ...storable({ name, slug, imageUrl, membersCount }),
    publicMetadata: encodeCarried(publicMetadata),
    privateMetadata: encodeCarried(privateMetadata),
    clerkCreatedAt: dateOf(createdAt),
  })
}

export function organizationRow<Id>(document: Document): MongoOrganization<Id> {
  return {
    id: document._id,
    clerkId: document.clerkId,
    name: textOrNull(document.name),
    slug: textOrNull(document.slug),
    imageUrl: textOrNull(document.imageUrl),
    publicMetadata: decodeMetadata(document.publicMetadata),
    privateMetadata: decodeMetadata(document.privateMetadata),
    membersCount: typeof document.membersCount === 'number' ? document.membersCount : null,
    clerkCreatedAt: dateOrNull(document.clerkCreatedAt),
    version: versionOf(document),
    deletedAt: dateOrNull(document.deletedAt),
  }
}

export const membershipIdentity = ({ orgId, userId, createdAt }: MembershipIdentity): Document => ({
  orgId,
  userId,
  createdAt: new Date(createdAt),
})

export function membershipDocument(snapshot: MembershipSnapshot): Document {
  const { role, permissions, publicMetadata } = snapshot
  return carried({
    ...membershipIdentity(snapshot),
    ...storable({ role, permissions: permissions && [...permissions] }),
    publicMetadata: encodeCarried(publicMetadata),
  })
}

export function membershipRow<Id>(document: Document): MongoMembership<Id> {
  return {
    id: document._id,
    clerkId: document.clerkId,
    orgId: document.orgId,
    userId: document.userId,
    role: textOrNull(document.role),
    permissions: document.permissions ?? [],
    publicMetadata: decodeMetadata(document.publicMetadata),
    createdAt: document.createdAt,
    version: versionOf(document),
    deletedAt: dateOrNull(document.deletedAt),
  }
}

export function roleDocument({ key, name, permissions }: RoleSnapshot): Document {
  return carried(storable({ key, name, permissions: [...permissions] }))
}

export function roleRow<Id>(document: Document): MongoRole<Id> {
  return {
    id: document._id,
    clerkId: document.clerkId,
    key: textOrNull(document.key),
    name: textOrNull(document.name),
    permissions: document.permissions ?? [],
    version: versionOf(document),
    deletedAt: dateOrNull(document.deletedAt),
  }
}

export function invitationDocument(snapshot: InvitationSnapshot): Document {
  const { orgId, email, role, status, publicMetadata, createdAt, expiresAt } = snapshot
  return carried({
    ...storable({ orgId, email, role, status }),
    publicMetadata: encodeCarried(publicMetadata),
    clerkCreatedAt: dateOf(createdAt),
    expiresAt: dateOf(expiresAt),
  })
}

export function invitationRow<Id>(document: Document): MongoInvitation<Id> {
  return {
    id: document._id,
    clerkId: document.clerkId,
    orgId: document.orgId,
    email: textOrNull(document.email),
    role: textOrNull(document.role),
    status: document.status,
    publicMetadata: decodeMetadata(document.publicMetadata),
    clerkCreatedAt: dateOrNull(document.clerkCreatedAt),
    expiresAt: dateOrNull(document.expiresAt),
    version: versionOf(document),
  }
}
