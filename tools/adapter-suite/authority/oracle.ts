import type { OfflineClerk, TokenParams } from '@acme/clerk-testing'
import { authorize, type Clerk } from './core.js'
import { ALLOWED, type Answer, GUARDS, type GuardName } from './guards.js'

/** A token of this moment; `null` where Clerk gives none out any more. */
export async function freshToken(
  offline: OfflineClerk,
  sessionId: string,
  params: TokenParams,
): Promise<string | null> {
  try {
    return await offline.token(sessionId, params)
  } catch (error) {
    if (error instanceof Error && 'status' in error && error.status === 404) return null
    throw error
  }
}

/** What an instance that remembers nothing answers to this credential. */
export async function freshAnswers(
  clerk: Clerk,
  secret: string | null,
  guards: readonly GuardName[],
): Promise<ReadonlyMap<GuardName, Answer>> {
  try {
    const auth = await clerk.authenticate(secret === null ? {} : { authorization: `Bearer ${secret}` })
    return new Map(
      guards.map((guard) => {
        const denial = authorize(auth, GUARDS[guard])
        return [guard, denial === null ? ALLOWED : `${denial.status} ${denial.code}`]
      }),
    )
  } finally {
    await clerk.close()
  }
}
