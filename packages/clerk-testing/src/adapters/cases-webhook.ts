import { signWebhook } from '../webhooks/sign.js'
import type { BodyParser } from './binding.js'
import type { Case, Step } from './case.js'
import type { Harness } from './harness.js'

/** Every way to the route. */
const PATHS = ['/hooks/clerk', '/auth/webhook']

function delivery({ offline }: Harness, event: object | string, id?: string): Pick<Step, 'headers' | 'body'> {
  const { headers, body } = signWebhook(event, offline.webhookSecret, id === undefined ? {} : { id })
  return { headers: { ...headers }, body }
}

const userUpdated = ({ offline, ada }: Harness, firstName: string) => ({
  object: 'event',
  type: 'user.updated',
  timestamp: Date.now(),
  instance_id: 'ins_test',
  data: { ...offline.getUser(ada.id), first_name: firstName, updated_at: Date.now() + 1000 },
})

export const webhookCases: readonly Case[] = [
  {
    title: 'a webhook is processed once, from its raw bytes, wherever it is mounted',
    steps: (harness) =>
      PATHS.flatMap((path, i) => {
        // Not as JSON.stringify would write it: only the bytes as sent have this signature.
        const event = JSON.stringify(userUpdated(harness, `Ada ${i}`), null, 3).replaceAll('A', '\\u0041')
        const sent = delivery(harness, event)
        return [
          { request: `POST ${path}`, ...sent, status: 200, json: { received: true } },
          { request: `POST ${path}`, ...sent, status: 200, json: { received: true } },
          {
            request: 'GET /private',
            bearer: harness.ada.token,
            status: 200,
            includes: { firstName: `Ada ${i}` },
          },
        ]
      }),
  },
  {
    title: 'a revocation and a ban end access at once',
    steps: (harness) => {
      const { offline, ada, bob } = harness
      const revoked = offline.revokeSession(ada.sessionId)
      const envelope = { object: 'event', timestamp: Date.now(), instance_id: 'ins_test' }
      return [
        { request: 'GET /private', bearer: ada.token, status: 200 },
        { request: 'GET /private', bearer: bob.token, status: 200 },
        {
          request: 'POST /hooks/clerk',
          ...delivery(harness, { ...envelope, type: 'session.revoked', data: revoked }),
          status: 200,
        },
        { request: 'GET /private', bearer: ada.token, status: 401 },
        {
          request: 'POST /hooks/clerk',
          ...delivery(harness, {
            ...envelope,
            type: 'user.updated',
            data: { ...offline.getUser(bob.id), banned: true, updated_at: Date.now() + 1000 },
          }),
          status: 200,
        },
        { request: 'GET /private', bearer: bob.token, status: 401 },
      ]
    },
  },
  {
    title: 'a webhook that Clerk has not signed is refused, without details',
    steps: (harness) => {
      const { headers, body } = delivery(harness, userUpdated(harness, 'Eve'))
      return PATHS.flatMap(
        (path) =>
          [
            {
              request: `POST ${path}`,
              headers,
              body: body?.replace('Eve', 'Eva'),
              status: 403,
              includes: { code: 'webhook-refused' },
            },
            { request: `POST ${path}`, headers: { 'content-type': 'application/json' }, body, status: 403 },
            { request: `POST ${path}`, headers: { ...headers, 'svix-id': 'msg_other' }, body, status: 403 },
            { request: `POST ${path}`, status: 403 },
            {
              request: `POST ${path}`,
              headers: { ...headers, 'content-type': 'text/strange' },
              body,
              status: 200,
            },
          ] as Step[],
      )
    },
  },
  {
    title: 'a body over the limit is refused, announced or not',
    options: { webhook: { maxBodyBytes: 1000 } },
    steps: (harness) =>
      PATHS.flatMap((path) => [
        {
          request: `POST ${path}`,
          ...delivery(harness, 'x'.repeat(1001)),
          status: 413,
          includes: { code: 'webhook-too-large' },
        },
        {
          request: `POST ${path}`,
          headers: { 'transfer-encoding': 'chunked', 'content-type': 'application/json' },
          body: 'x'.repeat(1001),
          status: 413,
        },
      ]),
  },
  ...(['keeps', 'raw'] satisfies BodyParser[]).map(
    (bodyParser): Case => ({
      title: `after a body parser that ${bodyParser === 'keeps' ? 'keeps the bytes' : 'makes them the body'} the webhook is processed`,
      app: { bodyParser },
      steps: (harness) =>
        PATHS.flatMap((path) => [
          {
            request: `POST ${path}`,
            ...delivery(harness, userUpdated(harness, 'Ada')),
            status: 200,
            json: { received: true },
          },
          {
            request: `POST ${path}`,
            ...delivery(harness, userUpdated(harness, 'Ada')),
            body: '{"a":1}',
            status: 403,
          },
        ]),
    }),
  ),
  {
    title: 'after a body parser that does not save the bytes the webhook is refused',
    app: { bodyParser: 'loses' },
    steps: (harness) =>
      PATHS.map((path) => ({
        request: `POST ${path}`,
        ...delivery(harness, userUpdated(harness, 'Ada')),
        status: 500,
        json: { error: 'Raw body required', code: 'raw-body-required' },
      })),
  },
]
