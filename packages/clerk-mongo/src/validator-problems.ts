import type { StoreFinding } from '@acme/clerk-core/store'
import type { Document } from 'mongodb'
import type { MappedCollection } from './collection/mapped-collection.js'

/** Fields that every document made by the store has, whatever Clerk says; the first event may be a deletion. */
const ALWAYS: Readonly<Record<string, readonly string[]>> = {
  users: ['clerkId', 'version', 'emailVerified', 'banned', 'deprovisioned', 'locked', 'isActive'],
  organizations: ['clerkId', 'version'],
  memberships: ['clerkId', 'version', 'orgId', 'userId', 'createdAt'],
  roles: ['clerkId', 'version'],
  invitations: ['clerkId', 'version', 'orgId', 'email', 'status'],
  inbox: ['type', 'timestamp', 'subjects', 'body', 'status', 'owner', 'attempts', 'succeeded'],
}

/** The fields that a collection's validator requires, where it refuses documents without. */
function requiredBy({ validator, validationAction, validationLevel }: Document): readonly string[] {
  if (validationAction === 'warn' || validationLevel === 'off') return []
  const required: unknown = validator?.$jsonSchema?.required
  return Array.isArray(required) ? required.filter((name): name is string => typeof name === 'string') : []
}

/** What keeps documents from being without a Clerk id, as those are that may be linked. */
export async function inspectUnlinked(collection: MappedCollection): Promise<StoreFinding[]> {
  const { columns, collectionName } = collection
  const name = requiredBy(await collection.options()).find((one) => columns.field(one) === 'clerkId')
  if (name === undefined) return []
  return [
    {
      severity: 'error',
      message: `The validator of \`${collectionName}\` requires \`${name}\`: no document is without a Clerk id, so none is ever linked.`,
      remedy: `Set \`linking\` to 'off', or take \`${name}\` out of \`required\`: db.runCommand({ collMod: ${JSON.stringify(collectionName)}, validator: … }).`,
    },
  ]
}

/**
 * What a validator requires that a document of the store may lack.
 *
 * @param given what `create` answers for a row that only records a deletion
 */
export async function inspectValidator(
  collection: MappedCollection,
  given: () => object = () => ({}),
): Promise<StoreFinding[]> {
  const { columns, collectionName } = collection
  const required = requiredBy(await collection.options()).filter((name) => name !== '_id')
  if (required.length === 0) return []
  const own = given()
  const lacking = required.filter((name) => {
    const field = columns.field(name)
    const isAlways = columns.has(field) && ALWAYS[columns.definition.option]?.includes(field)
    return !isAlways && !Object.hasOwn(own, name)
  })
  return lacking.map((name) => ({
    severity: 'error',
    message: `The validator of \`${collectionName}\` requires \`${name}\`, which a document from Clerk may lack.`,
    remedy: columns.has(columns.field(name))
      ? `Take \`${name}\` out of \`required\`: db.runCommand({ collMod: ${JSON.stringify(collectionName)}, validator: … }).`
      : `Give it a value in \`create\` (of users), for rows that only record a deletion too, or take it out of \`required\`.`,
  }))
}
