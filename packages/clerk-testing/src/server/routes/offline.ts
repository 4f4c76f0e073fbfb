import { type WebhookType, webhookFixture, webhookTypes } from '../../fixtures/webhook-fixture.js'
import type { OfflineClerk, Snapshot } from '../../index.js'
import type { Instance } from '../../resources/instance.js'
import type { Seed } from '../../resources/seed.js'
import { findUser } from '../../resources/users.js'
import { check, type Fields } from '../check.js'
import { BackendError, invalidParameter, notFound } from '../errors.js'
import type { Fault } from '../faults.js'
import type { Schema } from '../operation.js'
import { ok, type Route } from '../route.js'

const text = { type: 'string' }
const textOrNull = { type: ['string', 'null'] }
const whole = { type: 'integer' }
const object = { type: 'object' }

/** What tests in any language, and `clerk-offline token` and `event`, ask a running server for. Not Clerk's. */
export function offlineRoutes(instance: Instance, offline: () => OfflineClerk): Route[] {
  const snapshots = new Map<string, Snapshot>()
  const route = <B = Fields>(
    method: Route['method'],
    name: string,
    body: Schema,
    run: (body: B, id: string) => unknown,
  ): Route => ({
    method,
    path: `/_offline/${name}`,
    access: 'secret-key',
    limit: 'none',
    handle: async (call) => {
      const given = call.body ?? {}
      check({ type: 'object', ...body }, given, 'body')
      return ok((await run(given as B, call.param('id'))) ?? {})
    },
  })
  const done = (run: () => unknown) => async () => {
    await run()
    return { done: true }
  }

  return [
    route('GET', 'environment', {}, () => ({ ...offline().env, CLERK_JWT_KEY: offline().tokens.pem })),
    route(
      'POST',
      'reset',
      {},
      done(() => offline().reset()),
    ),
    route<Seed>('POST', 'seed', {}, (seed) => {
      offline().plant(seed)
      return { done: true }
    }),
    route('GET', 'state', {}, () => offline().snapshot()),
    route<Snapshot>('PUT', 'state', {}, (snapshot) => {
      offline().restore(snapshot)
      return { done: true }
    }),
    route('POST', 'snapshots', {}, () => {
      const id = String(snapshots.size + 1)
      snapshots.set(id, offline().snapshot())
      return { id }
    }),
    route('POST', 'snapshots/:id/restore', {}, (_, id) => {
      const snapshot = snapshots.get(id)
      if (!snapshot) throw notFound('snapshot')
      offline().restore(snapshot)
      return { done: true }
    }),
    route('POST', 'instances', {}, async () => {
      const { id, url, env } = await offline().startInstance()
      return { id, url, env }
    }),
    route('DELETE', 'instances/:id', {}, async (_, id) => {
      const started = offline().instances.find((one) => one.id === id)
      if (!started) throw notFound('instance')
      await started.stop()
      return { id, deleted: true }
    }),
    route<{ operation: string; fault: Fault }>(
      'POST',
      'faults',
      { properties: { operation: text, fault: object }, required: ['operation', 'fault'] },
      ({ operation, fault }) => {
        try {
          offline().faults.set(operation, fault)
        } catch (error) {
          throw invalidParameter('operation', error instanceof Error ? error.message : 'known')
        }
        return { done: true }
      },
    ),
    route(
      'DELETE',
      'faults',
      {},
      done(() => offline().faults.clear()),
    ),
    route<{ ms: number }>(
      'POST',
      'clock',
      { properties: { ms: whole }, required: ['ms'] },
      async ({ ms }) => {
        await offline().advance(ms)
        return { now: offline().now() }
      },
    ),
    route<{ enabled: boolean }>(
      'POST',
      'limits',
      { properties: { enabled: { type: 'boolean' } }, required: ['enabled'] },
      ({ enabled }) => {
        offline().limits(enabled)
        return { enabled }
      },
    ),
    route('GET', 'webhooks', {}, async () => {
      await offline().webhooks.settled()
      return {
        data: offline().webhooks.deliveries.map(({ id, type, status, event }) => ({
          id,
          type,
          status,
          event,
        })),
      }
    }),
    route<{ user: string; organization?: string | null; azp?: string | null; ttl_seconds?: number }>(
      'POST',
      'token',
      {
        properties: {
          user: text,
          organization: textOrNull,
          azp: textOrNull,
          ttl_seconds: { type: ['integer', 'null'] },
        },
        required: ['user'],
      },
      async (given) => {
        const user = findUser(instance, given.user)
        if (!user) throw unknownUser(instance, given.user)
        const jwt = await offline().token(user, {
          ...(given.organization ? { organization: given.organization } : {}),
          ...(given.azp ? { azp: given.azp } : {}),
          options: { ttlSeconds: given.ttl_seconds ?? undefined },
        })
        return { object: 'token', jwt }
      },
    ),
    route<{ type: string; data?: object }>(
      'POST',
      'event',
      { properties: { type: text, data: object }, required: ['type'] },
      async (given) => {
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
        return {
          id: delivery.id,
          status: delivery.status,
          answer: delivery.attempts.at(-1)?.response?.status ?? null,
          why: delivery.attempts.at(-1)?.refusal?.text ?? null,
        }
      },
    ),
  ]
}

const unknownUser = (instance: Instance, reference: string) =>
  new BackendError(404, 'resource_not_found', 'not found', {
    longMessage: `No user is called “${reference}” here. ${instance.url}/dashboard shows who is there; give an id, e-mail address or username.`,
  })

/** @throws {BackendError} 422 for a type without a fixture, unless its data is given */
function fixtureData(type: string, data: object | undefined): object {
  const known = webhookTypes.find((one): one is WebhookType => one === type)
  if (known) return webhookFixture(known).data
  if (data) return {}
  throw invalidParameter('type', `one of ${webhookTypes.join(', ')}, or given together with its data`)
}
