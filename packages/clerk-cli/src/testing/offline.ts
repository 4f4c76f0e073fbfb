import { createClerk, fromEnv, memoryStore } from '@acme/clerk-core'
import { type OfflineClerk, type StartClerkOptions, startClerk } from '@acme/clerk-testing'
import { onTestFinished } from 'vitest'

const PARTY = 'http://localhost:3000'

/** The environment of an application of this Clerk. */
export const envOf = (offline: OfflineClerk): Record<string, string> => ({
  ...offline.env,
  CLERK_AUTHORIZED_PARTIES: PARTY,
})

/** An offline Clerk for one test. */
export async function offlineClerk(options: StartClerkOptions = {}): Promise<OfflineClerk> {
  const offline = await startClerk({ webhookUrl: undefined, ...options })
  onTestFinished(() => offline.stop())
  return offline
}

/** An application in this process, whose webhooks are handed over by `deliver`. */
export function application(offline: OfflineClerk, stores = memoryStore()) {
  const clerk = createClerk(fromEnv(envOf(offline)), stores, { logger: false })
  const deliver = async (signed: { body: string; headers: Readonly<Record<string, string>> }) => {
    const { headers, body } = signed
    return clerk.receiveWebhook({
      id: headers['svix-id'],
      timestamp: headers['svix-timestamp'],
      signature: headers['svix-signature'],
      body: Buffer.from(body),
    })
  }
  return { clerk, stores, deliver, config: { clerk: () => clerk } }
}
