import type { Observer } from '../../ground/observe/observer.js'

/** More instances than a process will ever hear of, in case something is badly wrong. */
const MOST = 100

/**
 * Tells that webhooks of two Clerk instances arrive: secrets of both are configured (a copy of staging's, say), and the
 * users of one are written into the rows of the other. The events are verified and processed. The first instance that this
 * process hears of is taken as its own: neither a configured key nor a token names the instance.
 *
 * @returns a function to call with the `instance_id` of every verified event; it warns once per other instance
 */
export function createInstanceCheck(observer: Pick<Observer, 'warn'>): (instanceId: unknown) => void {
  const known = new Set<string>()
  return (instanceId) => {
    if (typeof instanceId !== 'string' || !/^ins_\w{1,64}$/.test(instanceId)) return
    if (known.has(instanceId) || known.size >= MOST) return
    known.add(instanceId)
    const [first] = known
    if (first === instanceId) return
    observer.warn(
      'ACME_CLERK_OTHER_INSTANCE',
      `Webhooks of another Clerk instance arrive (${instanceId} beside ${first}): it has a secret of \`webhookSecrets\`.`,
    )
  }
}
