import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { Webhook } from 'svix'
import { describe, expect, it } from 'vitest'
import {
  eventJson,
  membershipJson,
  organizationJson,
  sessionJson,
  userJson,
} from '../../../testing/clerk-json.js'
import { memoryHarness, OTHER_SECRET, SECRET, webhookHarness } from '../../../testing/webhook-harness.js'
import { memoryStore } from '../../domain/store/memory/memory-store.js'
import { ConfigurationError, StoreUnavailableError } from '../../ground/errors.js'
import { createSignatureVerifier } from './verify-signature.js'

const created = eventJson('user.created', userJson('user_1'))

describe('the signature of a webhook', () => {
  it.each(['id', 'timestamp', 'signature'] as const)('is refused without svix-%s', async (header) => {
    const harness = memoryHarness()
    for (const value of [undefined, '', '   ', [], ['']]) {
      const outcome = await harness.webhooks.receive({ ...harness.request(created), [header]: value })
      expect(outcome).toMatchObject({ kind: 'refused', status: 403 })
    }
    expect(await harness.stores.users.all()).toEqual([])
  })

  it.each(['id', 'timestamp', 'signature'] as const)('is refused when svix-%s came twice', async (header) => {
    const harness = memoryHarness()
    const request = harness.request(created)
    const value = String(request[header])
    expect(await harness.webhooks.receive({ ...request, [header]: [value, value] })).toMatchObject({
      status: 403,
    })
    // Joined by Node, the signatures are still a list of which one verifies; id and timestamp are others than were signed.
    expect(await harness.webhooks.receive({ ...request, [header]: `${value}, ${value}` })).toMatchObject({
      status: header === 'signature' ? 200 : 403,
    })
    expect(await harness.webhooks.receive({ ...request, [header]: [value] })).toMatchObject({ status: 200 })
  })

  it.each(['v2', 'v1a', 'V1', ''])('is refused with the version prefix "%s"', async (prefix) => {
    const harness = memoryHarness()
    const request = harness.request(created)
    const signature = String(request.signature).replace('v1', prefix)
    expect(await harness.webhooks.receive({ ...request, signature })).toMatchObject({ status: 403 })
  })

  it('is accepted as the second of several', async () => {
    const harness = memoryHarness()
    const request = harness.request(created, { secret: [OTHER_SECRET, SECRET] })
    expect(String(request.signature).split(' ')).toHaveLength(2)
    expect(await harness.webhooks.receive(request)).toMatchObject({ status: 200 })
  })

  it('is accepted under either secret during a rotation, and under a third never', async () => {
    const harness = memoryHarness({ webhookSecrets: [SECRET, OTHER_SECRET] })
    expect(await harness.deliver(created, { secret: SECRET })).toMatchObject({ status: 200 })
    expect(await harness.deliver(created, { secret: OTHER_SECRET })).toMatchObject({ status: 200 })
    const third = `whsec_${Buffer.alloc(24, 1).toString('base64')}`
    expect(await harness.deliver(created, { secret: third })).toMatchObject({ status: 403 })
  })

  it('is refused when any one byte of the body was changed', async () => {
    const harness = memoryHarness()
    const request = harness.request(created)
    for (let i = 0; i < request.body.length; i++) {
      const body = Buffer.from(request.body)
      body[i] = (body[i] as number) ^ 1
      expect((await harness.webhooks.receive({ ...request, body })).status).toBe(403)
    }
    expect(await harness.stores.inbox.all()).toEqual([])
  })

  it('is refused over a body that was parsed and serialised again', async () => {
    const harness = memoryHarness()
    const request = harness.request(JSON.stringify(created, null, 2))
    const body = Buffer.from(JSON.stringify(JSON.parse(request.body.toString())))
    expect(await harness.webhooks.receive({ ...request, body })).toMatchObject({ status: 403 })
    expect(await harness.webhooks.receive(request)).toMatchObject({ status: 200 })
  })

  it('does not cover a compressed body, which is not text', async () => {
    const harness = memoryHarness()
    const request = harness.request(created)
    const outcome = await harness.webhooks.receive({ ...request, body: gzipSync(request.body) })
    expect(outcome).toMatchObject({ kind: 'malformed', status: 400 })
  })

  it('does not hide bytes that are not UTF-8, though svix would read them as the replacement character', async () => {
    const harness = memoryHarness()
    const text = JSON.stringify(eventJson('user.created', userJson('user_1', { first_name: '\ufffd' })))
    const request = harness.request(text)
    const body = Buffer.from(text.replace('\ufffd', '\u00ff'), 'latin1')
    expect(body.includes(0xff)).toBe(true)
    expect(await harness.webhooks.receive({ ...request, body })).toMatchObject({ status: 400 })
  })

  it('does not carry over to another id or time', async () => {
    const harness = memoryHarness()
    const request = harness.request(created, { id: 'msg_1' })
    expect(await harness.webhooks.receive({ ...request, id: 'msg_2' })).toMatchObject({ status: 403 })
    const timestamp = String(Number(request.timestamp) + 1)
    expect(await harness.webhooks.receive({ ...request, timestamp })).toMatchObject({ status: 403 })
  })

  it('does not let an id with a dot borrow from the timestamp', async () => {
    const harness = memoryHarness()
    expect(await harness.deliver(created, { id: 'msg_1.1700000000' })).toMatchObject({ status: 403 })
  })

  it('is accepted exactly five minutes away, and refused a second further', async () => {
    const harness = memoryHarness()
    const now = harness.clock.ms
    for (const seconds of [-300, 300]) {
      expect(await harness.deliver(created, { at: now + seconds * 1000 })).toMatchObject({ status: 200 })
    }
    for (const seconds of [-301, 301]) {
      expect(await harness.deliver(created, { at: now + seconds * 1000 })).toMatchObject({ status: 403 })
    }
  })

  it.each(['abc', '1700000000.', '1700000000,5', '1e9', '-1700000000', '0x65', '17000000000000'])(
    'is refused with the timestamp %s',
    async (timestamp) => {
      const harness = memoryHarness()
      expect(await harness.webhooks.receive({ ...harness.request(created), timestamp })).toMatchObject({
        status: 403,
      })
    },
  )

  it('is accepted with a fraction of a second in its timestamp, which Svix does not sign', async () => {
    const harness = memoryHarness()
    const request = harness.request(created)
    const timestamp = `${request.timestamp}.5`
    expect(await harness.webhooks.receive({ ...request, timestamp })).toMatchObject({ status: 200 })
  })

  it('is accepted beside any number of signatures that are not one', async () => {
    const harness = memoryHarness()
    const request = harness.request(created)
    for (const others of ['v1, ', 'v1,=, ', 'v1,!! v1,x,y ', `v1,${'A'.repeat(43)}= `.repeat(40)]) {
      const signature = `${others}${request.signature}`
      expect(await harness.webhooks.receive({ ...request, signature })).toMatchObject({ status: 200 })
    }
  })

  it.each(['msg:1/2 3', 'a'.repeat(191)])('is accepted with the id %j', async (id) => {
    expect(await memoryHarness().deliver(created, { id })).toMatchObject({ status: 200 })
  })

  it.each(['a'.repeat(192), 'é', 'a.b'])('is refused with the id %j', async (id) => {
    expect(await memoryHarness().deliver(created, { id })).toMatchObject({ status: 403 })
  })

  it('is that of a secret without whsec_ in front, as Svix takes it', async () => {
    const harness = memoryHarness({ webhookSecrets: [SECRET.replace('whsec_', '')] })
    expect(await harness.deliver(created)).toMatchObject({ status: 200 })
  })

  it('needs a secret that is one', () => {
    expect(() =>
      createSignatureVerifier({
        secrets: ['sk_live_of_another_kind!'],
        toleranceSeconds: 300,
        maxBodyBytes: 1,
        now: Date.now,
      }),
    ).toThrow(ConfigurationError)
  })

  it('is verified as svix verifies it, for any body and any damage', async () => {
    const verifier = createSignatureVerifier({
      secrets: [SECRET],
      toleranceSeconds: 300,
      maxBodyBytes: 10_000,
      now: Date.now,
    })
    const svix = new Webhook(SECRET)
    const accepts = (verify: () => unknown) => {
      try {
        return verify()
      } catch {
        return false
      }
    }
    await fc.assert(
      fc.asyncProperty(
        fc.json(),
        fc.constantFrom('msg_1', 'msg_2'),
        fc.constantFrom(0, -200, -400, 400),
        fc.constantFrom('none', 'body', 'id', 'signature', 'extra'),
        async (body, id, offset, damage) => {
          const at = new Date(Date.now() + offset * 1000)
          const signed = svix.sign('msg_1', at, body)
          const timestamp = String(Math.floor(at.getTime() / 1000))
          const signature = {
            signature: signed.slice(0, -2),
            extra: `v1,AAAA ${signed} v2,${signed}`,
          }[damage as string]
          const text = damage === 'body' ? `${body} ` : body
          const request = { id, timestamp, signature: signature ?? signed, body: Buffer.from(text) }
          const headers = { 'svix-id': id, 'svix-timestamp': timestamp, 'svix-signature': request.signature }
          const theirs = accepts(() => {
            svix.verify(text, headers)
            return true
          })
          expect('id' in (await verifier.verify(request))).toBe(theirs)
        },
      ),
    )
  })
})

describe('the answer to a webhook', () => {
  it('is 200 once the state is applied, and the body says no more', async () => {
    const harness = memoryHarness()
    expect(await harness.deliver(created)).toEqual({
      kind: 'processed',
      status: 200,
      headers: {},
      body: { received: true },
    })
    expect(await harness.stores.users.findByClerkId('user_1')).toMatchObject({ email: 'user_1@example.com' })
  })

  it('is 200 for a replay of a processed event, which is applied and handled no second time', async () => {
    const harness = memoryHarness()
    const handled: string[] = []
    harness.webhooks.on('user.*', ({ id }) => handled.push(id))
    const request = harness.request(created, { id: 'msg_1' })
    await harness.webhooks.receive(request)
    expect(await harness.webhooks.receive(request)).toMatchObject({ kind: 'duplicate', status: 200 })
    expect(handled).toEqual(['msg_1'])
    expect(harness.changes).toHaveLength(1)
    expect(harness.named('webhook.duplicate')).toHaveLength(1)
  })

  it('is 409 with Retry-After for the second of two deliveries at once', async () => {
    const harness = memoryHarness()
    let finish: () => void = () => {}
    const gate = new Promise<void>((resolve) => {
      finish = resolve
    })
    harness.webhooks.on('user.created', () => gate)
    const request = harness.request(created, { id: 'msg_1' })
    const first = harness.webhooks.receive(request)
    const second = await harness.webhooks.receive(request)
    expect(second).toMatchObject({ kind: 'busy', status: 409, headers: { 'retry-after': '60' } })
    finish()
    expect(await first).toMatchObject({ status: 200 })
  })

  it('is 400 for what is signed and is no event', async () => {
    const harness = memoryHarness()
    const bodies = ['', 'x', '[]', 'null', '"user.created"', '{}', '\ufeff{}', '['.repeat(100_000)]
    const envelopes = [
      { ...created, type: '' },
      { ...created, type: 7 },
      { ...created, timestamp: '1' },
      { ...created, timestamp: 1.5 },
      { ...created, timestamp: 9e15 },
    ]
    for (const body of [...bodies, ...envelopes.map((one) => JSON.stringify(one))]) {
      expect(await harness.deliver(body)).toMatchObject({ kind: 'malformed', status: 400 })
    }
    expect(await harness.stores.inbox.all()).toEqual([])
  })

  it('is 400 for data that is not what the type says, and names the field but not its value', async () => {
    const harness = memoryHarness()
    const wrong: readonly [string, object][] = [
      ['user.created', {}],
      ['user.created', []],
      ['user.created', { ...userJson('user_1'), id: { $ne: null } }],
      ['user.created', { ...userJson('user_1'), id: '' }],
      ['user.created', { ...userJson('user_1'), email_addresses: 'secret@example.com' }],
      ['user.created', { ...userJson('user_1'), first_name: 7 }],
      ['user.created', { ...userJson('user_1'), updated_at: Number.MAX_SAFE_INTEGER }],
      ['user.created', { ...userJson('user_1'), public_metadata: ['secret@example.com'] }],
      ['user.created', { ...userJson('user_1'), banned: 'no' }],
      ['user.deleted', { deleted: true }],
      ['session.ended', sessionJson('sess_1', '')],
      ['organization.created', { ...organizationJson('org_1'), name: null }],
      [
        'organizationMembership.created',
        { ...membershipJson('orgmem_1', 'org_1', 'user_1'), organization: null },
      ],
      [
        'organizationMembership.deleted',
        { ...membershipJson('orgmem_1', 'org_1', 'user_1'), created_at: null },
      ],
      ['organizationInvitation.created', { id: 'orginv_1' }],
    ]
    for (const [type, data] of wrong) {
      expect(await harness.deliver(eventJson(type, data)), type).toMatchObject({
        kind: 'malformed',
        status: 400,
      })
    }
    const told = JSON.stringify(harness.named('webhook.failed'))
    expect(told).toContain('user.email_addresses is not a list')
    expect(told).not.toContain('secret@example.com')
    expect(await harness.stores.users.all()).toEqual([])
  })

  it('is 413 for a body over the limit, signed or not', async () => {
    const harness = memoryHarness({ webhook: { maxBodyBytes: 1000 } })
    expect(await harness.deliver(JSON.stringify(created).padEnd(1001))).toMatchObject({ status: 413 })
    expect(await harness.deliver(JSON.stringify(created).padEnd(1000))).toMatchObject({ status: 200 })
  })

  it('is 200 for an unknown type, whose body is not even stored', async () => {
    const harness = memoryHarness()
    const outcome = await harness.deliver(eventJson('paymentAttempt.updated', { anything: 1 }))
    expect(outcome).toMatchObject({ kind: 'unknown-type', status: 200 })
    expect(await harness.stores.inbox.all()).toEqual([])
    for (const type of ['__proto__', 'constructor', 'toString']) {
      expect(await harness.deliver(eventJson(type, {}))).toMatchObject({ kind: 'unknown-type' })
    }
  })

  it('is 500 without a secret, which no delivery can change', async () => {
    const harness = memoryHarness({ webhookSecrets: [] })
    expect(await harness.deliver(created)).toMatchObject({ kind: 'not-configured', status: 500 })
  })

  it.each(['claim', 'append', 'finish'] as const)(
    'is 503 with Retry-After while the inbox fails at %s; the same delivery does it all afterwards',
    async (step) => {
      const stores = memoryStore()
      let down = true
      const works = stores.inbox[step].bind(stores.inbox) as (...args: unknown[]) => Promise<never>
      Object.assign(stores.inbox, {
        [step]: (...args: unknown[]) =>
          down ? Promise.reject(new StoreUnavailableError('The database is down.')) : works(...args),
      })
      const harness = webhookHarness({ stores })
      const request = harness.request(created, { id: 'msg_1' })
      const outcome = await harness.webhooks.receive(request)
      expect(outcome).toMatchObject({ kind: 'unavailable', status: 503 })
      expect(Number(outcome.headers['retry-after'])).toBeGreaterThan(0)
      down = false
      expect(await harness.webhooks.receive(request)).toMatchObject({ kind: 'processed', status: 200 })
      expect(await stores.inbox.all()).toMatchObject([{ status: 'done' }])
      expect(await stores.users.all()).toHaveLength(1)
    },
  )

  it('is 503 while the user store is down, and nothing is marked done', async () => {
    const stores = memoryStore()
    const apply = stores.users.apply
    stores.users.apply = () => Promise.reject(new StoreUnavailableError('The database is down.'))
    const harness = webhookHarness({ stores })
    const request = harness.request(created, { id: 'msg_1' })
    expect(await harness.webhooks.receive(request)).toMatchObject({ status: 503 })
    expect(await stores.inbox.all()).toMatchObject([
      { id: 'msg_1', status: 'open', leaseUntil: null, error: 'StoreUnavailableError' },
    ])
    expect(harness.changes).toEqual([])
    stores.users.apply = apply
    expect(await harness.webhooks.receive(request)).toMatchObject({ status: 200 })
  })

  it('is never an exception, whatever was sent', async () => {
    const harness = memoryHarness()
    const header = fc.oneof(fc.string(), fc.constant(undefined), fc.array(fc.string(), { maxLength: 3 }))
    await fc.assert(
      fc.asyncProperty(header, header, header, fc.uint8Array(), async (id, timestamp, signature, body) => {
        const { status } = await harness.webhooks.receive({ id, timestamp, signature, body })
        expect([400, 403]).toContain(status)
      }),
    )
  })
})

describe('what a webhook leaves behind', () => {
  it('is a change with the ids concerned, in the inbox and to its surroundings', async () => {
    const harness = memoryHarness()
    await harness.deliver(
      eventJson('organizationMembership.created', membershipJson('orgmem_1', 'org_1', 'user_1')),
      {
        id: 'msg_1',
      },
    )
    const change = {
      id: 'msg_1',
      type: 'organizationMembership.created',
      subjects: ['orgmem_1', 'org_1', 'user_1'],
      ...{ narrows: null, version: null },
    }
    expect(harness.changes).toEqual([change])
    expect(await harness.stores.inbox.log()).toMatchObject([{ ...change, at: harness.clock.ms }])
    expect(await harness.stores.inbox.all()).toMatchObject([{ body: '', finishedAt: harness.clock.ms }])
  })

  it('is told to the other processes of a sign-in, whose times are new in the row', async () => {
    const harness = memoryHarness()
    const handled: string[] = []
    harness.webhooks.on('session.created', ({ data }) => handled.push(data.user_id))
    await harness.deliver(eventJson('session.created', sessionJson('sess_1', 'user_1')))
    expect(handled).toEqual(['user_1'])
    expect(harness.changes).toMatchObject([{ type: 'session.created', subjects: ['sess_1', 'user_1'] }])
  })

  it('keeps private metadata out of the store unless it is asked for', async () => {
    const event = eventJson('user.created', userJson('user_1', { private_metadata: { iban: 'DE1' } }))
    const without = memoryHarness()
    await without.deliver(event)
    expect(JSON.stringify(await without.stores.users.all())).not.toContain('DE1')
    const with_ = memoryHarness({ privateMetadata: true })
    await with_.deliver(event)
    expect((await with_.stores.users.all())[0]).toMatchObject({ privateMetadata: { iban: 'DE1' } })
  })

  it('is in no event of observe: neither address nor private metadata', async () => {
    const harness = memoryHarness({ privateMetadata: true })
    harness.webhooks.on('*', () => {
      throw new Error('could not mail secret@example.com')
    })
    const user = userJson('user_1', { email: 'secret@example.com', private_metadata: { iban: 'DE1' } })
    await harness.deliver(eventJson('user.created', user))
    expect(harness.events.length).toBeGreaterThan(2)
    expect(JSON.stringify(harness.events)).not.toMatch(/secret@|DE1/)
    expect(JSON.stringify((await harness.stores.inbox.all())[0]?.error)).not.toMatch(/secret@/)
  })

  it('tells when the stored state was newer', async () => {
    const harness = memoryHarness()
    await harness.deliver(
      eventJson('user.updated', userJson('user_1', { updated_at: 2_000, first_name: 'New' })),
    )
    await harness.deliver(
      eventJson('user.created', userJson('user_1', { updated_at: 1_000, first_name: 'Old' })),
    )
    expect(harness.named('webhook.stale')).toMatchObject([{ type: 'user.created' }])
    expect(await harness.stores.users.findByClerkId('user_1')).toMatchObject({ firstName: 'New' })
  })

  it('is the same without an inbox, except that a repetition is processed again', async () => {
    const harness = memoryHarness({ withInbox: false })
    const request = harness.request(created, { id: 'msg_1' })
    expect(await harness.webhooks.receive(request)).toMatchObject({ kind: 'processed' })
    expect(await harness.webhooks.receive(request)).toMatchObject({ kind: 'processed' })
    expect(harness.changes).toHaveLength(2)
    expect(await harness.stores.users.all()).toHaveLength(1)
  })
})

describe('a sign-out of our own', () => {
  it('is in the log like the end of a session, and reaches no handler', async () => {
    const harness = memoryHarness()
    const handled: unknown[] = []
    harness.webhooks.on('*', (event) => handled.push(event))
    await harness.webhooks.signOut('sess_1')
    const [change] = await harness.stores.inbox.log()
    expect(change).toMatchObject({ subjects: ['sess_1'], narrows: 'sess_1', version: null })
    expect(harness.changes).toMatchObject([{ id: change?.id, narrows: 'sess_1' }])
    expect(await harness.stores.inbox.all()).toEqual([])
    expect(handled).toEqual([])
  })

  it('is in effect here although the inbox is down, and the caller is told that it is not recorded', async () => {
    const harness = memoryHarness()
    harness.stores.inbox.append = () => Promise.reject(new StoreUnavailableError('down'))
    await expect(harness.webhooks.signOut('sess_1')).rejects.toThrow(StoreUnavailableError)
    expect(harness.changes).toMatchObject([{ subjects: ['sess_1'] }])
  })
})

describe('an event without a timestamp', () => {
  const { timestamp: _, ...updated } = eventJson('user.updated', userJson('user_1', { updated_at: 5_000 }))
  const deleted = {
    object: 'event',
    type: 'user.deleted',
    data: { id: 'user_1', deleted: true, updated_at: 5_000 },
  }

  it('is dated by its data', async () => {
    const harness = memoryHarness()
    harness.webhooks.on('user.updated', () => {
      throw new Error('kept open')
    })
    expect(await harness.deliver(updated)).toMatchObject({ status: 500 })
    expect((await harness.stores.inbox.list({ limit: 1 })).events).toMatchObject([{ timestamp: 5_000 }])
  })

  it('that is a deletion, or has no date in its data, is dated by the attempt, in whole seconds', async () => {
    const harness = memoryHarness({ clock: { ms: 1_700_000_000_900 } })
    harness.webhooks.on('custom.type', () => {
      throw new Error('kept open')
    })
    await harness.deliver(updated)
    expect(await harness.deliver(deleted)).toMatchObject({ status: 200 })
    expect((await harness.stores.users.findByClerkId('user_1'))?.deletedAt).toEqual(
      new Date(1_700_000_000_000),
    )
    expect(await harness.deliver({ object: 'event', type: 'custom.type', data: 7 })).toMatchObject({
      status: 500,
    })
    const custom = async () => (await harness.stores.inbox.list({ limit: 1, type: 'custom.type' })).events
    const [pending] = await custom()
    expect(pending).toMatchObject({ timestamp: 1_700_000_000_000 })
    harness.clock.ms += 120_000
    if (pending) await harness.webhooks.replay(pending)
    expect(await custom()).toMatchObject([{ timestamp: 1_700_000_000_000 }])
  })

  it('is refused when its timestamp is there and is no time', async () => {
    expect(await memoryHarness().deliver({ ...updated, timestamp: 'yesterday' })).toMatchObject({
      status: 400,
    })
  })
})
