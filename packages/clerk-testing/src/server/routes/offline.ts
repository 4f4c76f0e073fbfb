import { type WebhookType, webhookFixture, webhookTypes } from '../../fixtures/webhook-fixture.js'
import type { OfflineClerk } from '../../options.js'
import type { Instance } from '../../resources/instance.js'
import { findUser } from '../../resources/users.js'
import { BackendError, invalidParameter, notFound } from '../errors.js'
import { nullable, parse, record, required, text, whole } from '../parameters.js'
import { ok, type Route } from '../route.js'

/** What `clerk-offline token` and `clerk-offline event` ask a running server for. Clerk has no such endpoints. */
export function offlineRoutes(instance: Instance, offline: () => OfflineClerk): Route[] {
  const at = { method: 'POST', access: 'secret-key', limit: 'none' } as const
  return [
    {
      path: '/offline/token',
      ...at,
      handle: async ({ body }) => {
        const given = parse(body, {
          user: required(text),
          organization: nullable(text),
          azp: nullable(text),
          ttl_seconds: nullable(whole),
        })
        const user = findUser(instance, given.user)
        if (!user) throw notFound('user')
        const jwt = await offline().token(user, {
          ...(given.organization ? { organization: given.organization } : {}),
          ...(given.azp ? { azp: given.azp } : {}),
          options: { ttlSeconds: given.ttl_seconds ?? undefined },
        })
        return ok({ object: 'token', jwt })
      },
    },
    {
      path: '/offline/event',
      ...at,
      handle: async ({ body }) => {
        const given = parse(body, { type: required(text), data: record })
        const { webhooks } = offline()
        if (webhooks.url === undefined) {
          throw new BackendError(
            422,
            'endpoint_missing',
            'There is no webhook URL: start with --webhook-url.',
          )
        }
        const delivery = webhooks.send(given.type, { ...fixtureData(given.type, given.data), ...given.data })
        await webhooks.settled()
        return ok({
          id: delivery.id,
          status: delivery.status,
          answer: delivery.attempts.at(-1)?.response?.status ?? null,
        })
      },
    },
  ]
}

/** @throws {BackendError} 422 for a type without a fixture, unless its data is given */
function fixtureData(type: string, data: object | undefined): object {
  const known = webhookTypes.find((one): one is WebhookType => one === type)
  if (known) return webhookFixture(known).data
  if (data) return {}
  throw invalidParameter('type', `one of ${webhookTypes.join(', ')}, or given together with its data`)
}
