import type { OfflineClerk, TokenParams } from '@acme/clerk-testing'

/** An administrator of an organisation with everything that a guard of the table asks for. */
export interface Person {
  readonly userId: string
  readonly orgId: string
  readonly sessionId: string
  /** The longest a token of Clerk may live: what changes must reach it too. */
  readonly token: string
}

const DAY_SECONDS = 86_000

/** Permissions of `org:admin`. */
export const ADMIN_PERMISSIONS = ['org:invoices:read', 'org:invoices:manage']

let count = 0

export async function createPerson(offline: OfflineClerk, token: TokenParams = {}): Promise<Person> {
  count += 1
  const { id: userId } = offline.createUser({
    emailAddress: [`ada${count}@example.com`],
    firstName: 'Ada',
    publicMetadata: { plans: ['u:pro'], features: ['u:dashboard'] },
  })
  const { id: orgId } = offline.createOrganization({ name: `Org ${count}`, createdBy: userId })
  return signIn(offline, { userId, orgId }, token)
}

/** A new session, active in the organisation. */
export async function signIn(
  offline: OfflineClerk,
  { userId, orgId }: Pick<Person, 'userId' | 'orgId'>,
  token: TokenParams = {},
): Promise<Person> {
  const { id: sessionId } = offline.createSession(userId, { organization: orgId })
  return { userId, orgId, sessionId, token: await longToken(offline, sessionId, token) }
}

export function longToken(
  offline: OfflineClerk,
  sessionId: string,
  token: TokenParams = {},
): Promise<string> {
  return offline.token(sessionId, { ...token, options: { ttlSeconds: DAY_SECONDS, ...token.options } })
}
