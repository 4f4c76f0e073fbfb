import { signWebhook, webhookFixture } from '@acme/clerk-testing'
import { expect, onTestFinished, test } from 'vitest'
import { startInstance, startOffline } from '../../../testing/authority-harness.js'

test('webhooks of a second Clerk instance are processed, and told once', async () => {
  const offline = await startOffline()
  const { clerk } = startInstance(offline)
  const warnings: string[] = []
  const hear = (warning: Error & { code?: string }) =>
    void warnings.push(`${warning.code} ${warning.message}`)
  process.on('warning', hear)
  onTestFinished(() => void process.off('warning', hear))
  let count = 0
  const receive = async (instanceId: string) => {
    const event = webhookFixture('user.created', { instanceId, timestamp: offline.now() })
    const id = `msg_${count++}`
    const { body, headers } = signWebhook(event, offline.webhookSecret, { id, now: offline.now() })
    const { kind } = await clerk.receiveWebhook({
      id: headers['svix-id'],
      timestamp: headers['svix-timestamp'],
      signature: headers['svix-signature'],
      body: Buffer.from(body),
    })
    await new Promise((resolve) => setImmediate(resolve))
    return kind
  }
  expect(await receive('ins_ours')).toBe('processed')
  expect(await receive('ins_ours')).toBe('processed')
  expect(warnings).toEqual([])
  expect(await receive('ins_theirs')).toBe('processed')
  expect(await receive('ins_theirs')).toBe('processed')
  expect(await receive('ins_ours')).toBe('processed')
  expect(await receive('rubbish\n')).toBe('processed')
  expect(warnings).toHaveLength(1)
  expect(warnings[0]).toMatch(/^ACME_CLERK_OTHER_INSTANCE .*ins_theirs beside ins_ours/)
})
