import { fileURLToPath } from 'node:url'
import { signWebhook, startClerk } from '@acme/clerk-testing'
import { runSnippet } from '@acme/tools/snippets'
import { expect, onTestFinished, test } from 'vitest'

const cwd = fileURLToPath(new URL('..', import.meta.url))

/** An application as README has it: nothing is said of a logger. */
const APP = `
import { createClerk, fromEnv, memoryStore } from '@acme/clerk-core'
import { clerkMiddleware, clerkRoutes, requireAuth } from '@acme/clerk-express'
import express from 'express'

const clerk = createClerk({ ...fromEnv(), ...memoryStore() })
clerk.on('user.updated', ({ data }) => {
  throw new TypeError('no mailbox for ' + data.email_addresses[0].email_address, {
    cause: new Error('mailbox full'),
  })
}, { name: 'welcome-mail' })

const app = express()
app.use('/auth', clerkRoutes(clerk))
app.use(clerkMiddleware(clerk))
app.get('/', requireAuth(), (_req, res) => void res.send('hello'))
const server = app.listen(0, '127.0.0.1', () => console.log('port ' + server.address().port + '.'))
process.on('SIGTERM', () => process.exit(0))
`

test('an operator reads why a token, a webhook and a handler failed, and nothing that was sent in confidence', async () => {
  const offline = await startClerk()
  onTestFinished(() => offline.stop())
  const app = await runSnippet(APP, {
    cwd,
    env: {
      NODE_ENV: 'development',
      CLERK_SECRET_KEY: offline.secretKey,
      CLERK_PUBLISHABLE_KEY: offline.publishableKey,
      CLERK_API_URL: offline.url,
      CLERK_WEBHOOK_SIGNING_SECRET: offline.webhookSecret,
      CLERK_AUTHORIZED_PARTIES: 'https://app.example.com',
    },
  })
  onTestFinished(() => app.stop())
  const [, port] = /port (\d+)\./.exec(await app.output(/port \d+\./)) ?? []
  const origin = `http://127.0.0.1:${port}`

  const ada = offline.createUser({
    emailAddress: ['ada@mail.example'],
    privateMetadata: { iban: 'DE89 3704' },
  })
  const token = await offline.token(offline.createSession(ada), { azp: 'https://preview.example.com' })
  const asked = await fetch(origin, { headers: { authorization: `Bearer ${token}` } })
  expect(asked.status).toBe(401)
  expect(await asked.text()).not.toContain('preview.example.com')

  const event = {
    type: 'user.updated',
    object: 'event',
    timestamp: Date.now(),
    data: {
      ...{ id: ada.id, username: null, first_name: 'Ada', last_name: null, image_url: '' },
      ...{ primary_email_address_id: 'idn_1', primary_phone_number_id: null, phone_numbers: [] },
      email_addresses: [
        { id: 'idn_1', email_address: 'ada@mail.example', verification: { status: 'verified' } },
      ],
      ...{ external_id: null, public_metadata: {}, private_metadata: { iban: 'DE89 3704' } },
      ...{ unsafe_metadata: {}, banned: false, locked: false, last_sign_in_at: null, last_active_at: null },
      ...{ created_at: 1, updated_at: 2 },
    },
  }
  const post = async (secret: string) => {
    const { headers, body } = signWebhook(event, secret, { now: Date.now() })
    const options = { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body }
    return (await fetch(`${origin}/auth/webhook`, options)).status
  }
  expect(await post(`whsec_${Buffer.alloc(24).toString('base64')}`)).toBe(403)
  expect(await post(offline.webhookSecret)).toBe(500)
  await app.stop()
  const { stdout, stderr } = await app.finished

  expect(stdout.trim()).toBe(`port ${port}.`)
  const page = 'https://github.com/acme/clerk/blob/main/docs/errors.md'
  expect(stderr.split('\n').filter((line) => line.startsWith('[clerk]'))).toEqual([
    `[clerk] A request was refused (authorized-party-mismatch). The claim \`azp\` is not one of \`authorizedParties\`. Seen: azp "https://preview.example.com". Expected: one of authorizedParties: https://app.example.com. Add the origin to \`authorizedParties\` if it is one of yours. ${page}#authorized-party-mismatch`,
    expect.stringMatching(
      /^\[clerk\] A webhook was refused \(signature\)\. No signature verifies with a configured secret\. Seen: svix-id "msg_\w+", signatures 1\. Expected: a signature with the secret of webhookSecrets\. Copy the signing secret of this very endpoint\./,
    ),
    expect.stringMatching(
      /^\[clerk\] The handler "welcome-mail" of user\.updated \(msg_\w+\) threw TypeError: no mailbox for \[private\]$/,
    ),
    expect.stringMatching(
      /^\[clerk\] The webhook user\.updated \(msg_\w+\) ended as failed: handler "welcome-mail": TypeError\./,
    ),
  ])
  expect(stderr).toMatch(/\n {4}at .*snippet\.ts/)
  expect(stderr).toContain('[cause]: Error: mailbox full')
  for (const secret of [
    token,
    'ada@mail.example',
    'DE89',
    offline.webhookSecret.slice(6),
    offline.secretKey,
  ]) {
    expect(stderr + stdout).not.toContain(secret)
  }
})
