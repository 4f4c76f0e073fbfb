import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { Webhook } from 'svix'
import { describe, expect, it } from 'vitest'
import { ConfigurationError, StoreUnavailableError } from '../errors.js'
import { memoryStore } from '../memory/memory-store.js'
import { eventJson, membershipJson, organizationJson, sessionJson, userJson } from '../testing/clerk-json.js'
import { memoryRig, OTHER_SECRET, SECRET, webhookRig } from '../testing/webhook-rig.js'
import { createSignatureVerifier } from './verify-signature.js'

const created = eventJson('user.created', userJson('user_1'))

describe('the signature of a webhook', () => {
  it.each(['id', 'timestamp', 'signature'] as const)('is refused without svix-%s', async (header) => {
    const rig = memoryRig()
    for (const value of [undefined, '', '   ', [], ['']]) {
      const outcome = await rig.webhooks.receive({ ...rig.request(created), [header]: value })
      expect(outcome).toMatchObject({ kind: 'refused', status: 403 })
    }
    expect(await rig.stores.users.all()).toEqual([])
  })

  it.each(['id', 'timestamp', 'signature'] as const)('is refused when svix-%s came twice', async (header) => {
    const rig = memoryRig()
    const request = rig.request(created)
    const value = String(request[header])
    for (const repeated of [[value, value], `${value}, ${value}`]) {
      expect(await rig.webhooks.receive({ ...request, [header]: repeated })).toMatchObject({ status: 403 })
    }
    expect(await rig.webhooks.receive({ ...request, [header]: [value] })).toMatchObject({ status: 200 })
  })

  it.each(['v2', 'v1a', 'V1', ''])('is refused with the version prefix "%s"', async (prefix) => {
    const rig = memoryRig()
    const request = rig.request(created)
    const signature = String(request.signature).replace('v1', prefix)
    expect(await rig.webhooks.receive({ ...request, signature })).toMatchObject({ status: 403 })
  })

  it('is accepted as the second of several', async () => {
    const rig = memoryRig()
    const request = rig.request(created, { secret: [OTHER_SECRET, SECRET] })
    expect(String(request.signature).split(' ')).toHaveLength(2)
    expect(await rig.webhooks.receive(request)).toMatchObject({ status: 200 })
  })

  it('is accepted under either secret during a rotation, and under a third never', async () => {
    const rig = memoryRig({ webhookSecrets: [SECRET, OTHER_SECRET] })
    expect(await rig.deliver(created, { secret: SECRET })).toMatchObject({ status: 200 })
    expect(await rig.deliver(created, { secret: OTHER_SECRET })).toMatchObject({ status: 200 })
    const third = `whsec_${Buffer.alloc(24, 1).toString('base64')}`
    expect(await rig.deliver(created, { secret: third })).toMatchObject({ status: 403 })
  })

  it('is refused when any one byte of the body was changed', async () => {
    const rig = memoryRig()
    const request = rig.request(created)
    for (let i = 0; i < request.body.length; i++) {
      const body = Buffer.from(request.body)
      body[i] = (body[i] as number) ^ 1
      expect((await rig.webhooks.receive({ ...request, body })).status).toBe(403)
    }
    expect(await rig.stores.inbox.all()).toEqual([])
  })

  it('is refused over a body that was parsed and serialised again', async () => {
    const rig = memoryRig()
    const request = rig.request(JSON.stringify(created, null, 2))
    const body = Buffer.from(JSON.stringify(JSON.parse(request.body.toString())))
    expect(await rig.webhooks.receive({ ...request, body })).toMatchObject({ status: 403 })
    expect(await rig.webhooks.receive(request)).toMatchObject({ status: 200 })
  })

  it('does not cover a compressed body, which is not text', async () => {
    const rig = memoryRig()
    const request = rig.request(created)
    const outcome = await rig.webhooks.receive({ ...request, body: gzipSync(request.body) })
    expect(outcome).toMatchObject({ kind: 'malformed', status: 400 })
  })

  it('does not hide bytes that are not UTF-8, though svix would read them as the replacement character', async () => {
    const rig = memoryRig()
    const text = JSON.stringify(eventJson('user.created', userJson('user_1', { first_name: '\ufffd' })))
    const request = rig.request(text)
    const body = Buffer.from(text.replace('\ufffd', '\u00ff'), 'latin1')
    expect(body.includes(0xff)).toBe(true)
    expect(await rig.webhooks.receive({ ...request, body })).toMatchObject({ status: 400 })
  })

  it('does not carry over to another id or time', async () => {
    const rig = memoryRig()
    const request = rig.request(created, { id: 'msg_1' })
    expect(await rig.webhooks.receive({ ...request, id: 'msg_2' })).toMatchObject({ status: 403 })
    const timestamp = String(Number(request.timestamp) + 1)
    expect(await rig.webhooks.receive({ ...request, timestamp })).toMatchObject({ status: 403 })
  })

  it('does not let an id with a dot borrow from the timestamp', async () => {
    const rig = memoryRig()
    expect(await rig.deliver(created, { id: 'msg_1.1700000000' })).toMatchObject({ status: 403 })
  })

  it('is accepted exactly five minutes away, and refused a second further', async () => {
    const rig = memoryRig()
    const now = rig.clock.ms
    for (const seconds of [-300, 300]) {
      expect(await rig.deliver(created, { at: now + seconds * 1000 })).toMatchObject({ status: 200 })
    }
    for (const seconds of [-301, 301]) {
      expect(await rig.deliver(created, { at: now + seconds * 1000 })).toMatchObject({ status: 403 })
    }
  })

  it.each(['abc', '1700000000.5', '1e9', '-1700000000', '0x65', '17000000000000'])(
    'is refused with the timestamp %s',
    async (timestamp) => {
      const rig = memoryRig()
      expect(await rig.webhooks.receive({ ...rig.request(created), timestamp })).toMatchObject({
        status: 403,
      })
    },
  )

  it('costs no more than sixteen comparisons, however many are sent', async () => {
    const rig = memoryRig()
    const request = rig.request(created)
    const signature = `${`v1,${'A'.repeat(43)}= `.repeat(16)}${request.signature}`
    expect(await rig.webhooks.receive({ ...request, signature })).toMatchObject({ status: 403 })
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

  it('is judged as svix judges it, for any body and any damage', () => {
    const verifier = createSignatureVerifier({
      secrets: [SECRET],
      toleranceSeconds: 300,
      maxBodyBytes: 10_000,
      now: Date.now,
    })
    const svix = new Webhook(SECRET)
    const accepts = (judge: () => unknown) => {
      try {
        return judge()
      } catch {
        return false
      }
    }
    fc.assert(
      fc.property(
        fc.json(),
        fc.constantFrom('msg_1', 'msg_2'),
        fc.constantFrom(0, -200, -400, 400),
        fc.constantFrom('none', 'body', 'id', 'signature', 'extra'),
        (body, id, offset, damage) => {
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
          expect('id' in verifier.verify(request)).toBe(theirs)
        },
      ),
    )
  })
})

describe('the answer to a webhook', () => {
  it('is 200 once the state is applied, and the body says no more', async () => {
    const rig = memoryRig()
    expect(await rig.deliver(created)).toEqual({
      kind: 'processed',
      status: 200,
      headers: {},
      body: { received: true },
    })
    expect(await rig.stores.users.findByClerkId('user_1')).toMatchObject({ email: 'user_1@example.com' })
  })

  it('is 200 for a replay of a processed event, which is applied and handled no second time', async () => {
    const rig = memoryRig()
    const handled: string[] = []
    rig.webhooks.on('user.*', ({ id }) => handled.push(id))
    const request = rig.request(created, { id: 'msg_1' })
    await rig.webhooks.receive(request)
    expect(await rig.webhooks.receive(request)).toMatchObject({ kind: 'duplicate', status: 200 })
    expect(handled).toEqual(['msg_1'])
    expect(rig.changes).toHaveLength(1)
    expect(rig.named('webhook.duplicate')).toHaveLength(1)
  })

  it('is 409 with Retry-After for the second of two deliveries at once', async () => {
    const rig = memoryRig()
    let finish: () => void = () => {}
    const gate = new Promise<void>((resolve) => {
      finish = resolve
    })
    rig.webhooks.on('user.created', () => gate)
    const request = rig.request(created, { id: 'msg_1' })
    const first = rig.webhooks.receive(request)
    const second = await rig.webhooks.receive(request)
    expect(second).toMatchObject({ kind: 'busy', status: 409, headers: { 'retry-after': '60' } })
    finish()
    expect(await first).toMatchObject({ status: 200 })
  })

  it('is 400 for what is signed and is no event', async () => {
    const rig = memoryRig()
    const bodies = ['', 'x', '[]', 'null', '"user.created"', '{}', '\ufeff{}', '['.repeat(100_000)]
    const envelopes = [
      { ...created, type: '' },
      { ...created, type: 7 },
      { ...created, timestamp: '1' },
      { ...created, timestamp: 1.5 },
      { ...created, timestamp: 9e15 },
    ]
    for (const body of [...bodies, ...envelopes.map((one) => JSON.stringify(one))]) {
      expect(await rig.deliver(body)).toMatchObject({ kind: 'malformed', status: 400 })
    }
    expect(await rig.stores.inbox.all()).toEqual([])
  })

  it('is 400 for data that is not what the type says, and names the field but not its value', async () => {
    const rig = memoryRig()
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
      expect(await rig.deliver(eventJson(type, data)), type).toMatchObject({ kind: 'malformed', status: 400 })
    }
    const told = JSON.stringify(rig.named('webhook.failed'))
    expect(told).toContain('user.email_addresses is not a list')
    expect(told).not.toContain('secret@example.com')
    expect(await rig.stores.users.all()).toEqual([])
  })

  it('is 413 for a body over the limit, signed or not', async () => {
    const rig = memoryRig({ webhook: { maxBodyBytes: 1000 } })
    expect(await rig.deliver(JSON.stringify(created).padEnd(1001))).toMatchObject({ status: 413 })
    expect(await rig.deliver(JSON.stringify(created).padEnd(1000))).toMatchObject({ status: 200 })
  })

  it('is 200 for a type nobody knows, whose body is not even stored', async () => {
    const rig = memoryRig()
    const outcome = await rig.deliver(eventJson('paymentAttempt.updated', { anything: 1 }))
    expect(outcome).toMatchObject({ kind: 'unknown-type', status: 200 })
    expect(await rig.stores.inbox.all()).toEqual([])
    for (const type of ['__proto__', 'constructor', 'toString']) {
      expect(await rig.deliver(eventJson(type, {}))).toMatchObject({ kind: 'unknown-type' })
    }
  })

  it('is 500 without a secret, which no delivery can change', async () => {
    const rig = memoryRig({ webhookSecrets: [] })
    expect(await rig.deliver(created)).toMatchObject({ kind: 'not-configured', status: 500 })
  })

  it.each(['claim', 'applied', 'done'] as const)(
    'is 503 with Retry-After while the inbox fails at %s; the same delivery does it all afterwards',
    async (step) => {
      const stores = memoryStore()
      let down = true
      const works = stores.inbox[step].bind(stores.inbox) as (...args: unknown[]) => Promise<never>
      Object.assign(stores.inbox, {
        [step]: (...args: unknown[]) =>
          down ? Promise.reject(new StoreUnavailableError('The database is down.')) : works(...args),
      })
      const rig = webhookRig({ stores })
      const request = rig.request(created, { id: 'msg_1' })
      const outcome = await rig.webhooks.receive(request)
      expect(outcome).toMatchObject({ kind: 'unavailable', status: 503 })
      expect(Number(outcome.headers['retry-after'])).toBeGreaterThan(0)
      down = false
      expect(await rig.webhooks.receive(request)).toMatchObject({ kind: 'processed', status: 200 })
      expect(await stores.inbox.pending(10)).toEqual([])
      expect(await stores.users.all()).toHaveLength(1)
    },
  )

  it('is 503 while the user store is down, and nothing is marked done', async () => {
    const stores = memoryStore()
    const apply = stores.users.apply
    stores.users.apply = () => Promise.reject(new StoreUnavailableError('The database is down.'))
    const rig = webhookRig({ stores })
    const request = rig.request(created, { id: 'msg_1' })
    expect(await rig.webhooks.receive(request)).toMatchObject({ status: 503 })
    expect(await stores.inbox.pending(10)).toMatchObject([{ id: 'msg_1', error: 'StoreUnavailableError' }])
    expect(rig.changes).toEqual([])
    stores.users.apply = apply
    expect(await rig.webhooks.receive(request)).toMatchObject({ status: 200 })
  })

  it('is never an exception, whatever was sent', async () => {
    const rig = memoryRig()
    const header = fc.oneof(fc.string(), fc.constant(undefined), fc.array(fc.string(), { maxLength: 3 }))
    await fc.assert(
      fc.asyncProperty(header, header, header, fc.uint8Array(), async (id, timestamp, signature, body) => {
        const { status } = await rig.webhooks.receive({ id, timestamp, signature, body })
        expect([400, 403]).toContain(status)
      }),
    )
  })
})

describe('what a webhook leaves behind', () => {
  it('is a change with the ids concerned, in the inbox and to its surroundings', async () => {
    const rig = memoryRig()
    await rig.deliver(
      eventJson('organizationMembership.created', membershipJson('orgmem_1', 'org_1', 'user_1')),
      {
        id: 'msg_1',
      },
    )
    const change = {
      id: 'msg_1',
      type: 'organizationMembership.created',
      subjects: ['orgmem_1', 'org_1', 'user_1'],
      appliedAt: rig.clock.ms,
    }
    expect(rig.changes).toEqual([change])
    expect(await rig.stores.inbox.changesSince(0)).toEqual([change])
    expect(await rig.stores.inbox.all()).toMatchObject([{ body: '', doneAt: rig.clock.ms }])
  })

  it('is nothing that a session begun would tell other processes', async () => {
    const rig = memoryRig()
    const handled: string[] = []
    rig.webhooks.on('session.created', ({ data }) => handled.push(data.user_id))
    await rig.deliver(eventJson('session.created', sessionJson('sess_1', 'user_1')))
    expect(handled).toEqual(['user_1'])
    expect(rig.changes).toEqual([])
  })

  it('keeps private metadata out of the store unless it is asked for', async () => {
    const event = eventJson('user.created', userJson('user_1', { private_metadata: { iban: 'DE1' } }))
    const without = memoryRig()
    await without.deliver(event)
    expect(JSON.stringify(await without.stores.users.all())).not.toContain('DE1')
    const with_ = memoryRig({ privateMetadata: true })
    await with_.deliver(event)
    expect((await with_.stores.users.all())[0]).toMatchObject({ privateMetadata: { iban: 'DE1' } })
  })

  it('is in no event of observe: neither address nor private metadata', async () => {
    const rig = memoryRig({ privateMetadata: true })
    rig.webhooks.on('*', () => {
      throw new Error('could not mail secret@example.com')
    })
    const user = userJson('user_1', { email: 'secret@example.com', private_metadata: { iban: 'DE1' } })
    await rig.deliver(eventJson('user.created', user))
    expect(rig.events.length).toBeGreaterThan(2)
    expect(JSON.stringify(rig.events)).not.toMatch(/secret@|DE1/)
    expect(JSON.stringify((await rig.stores.inbox.all())[0]?.error)).not.toMatch(/secret@/)
  })

  it('tells when the stored state was newer', async () => {
    const rig = memoryRig()
    await rig.deliver(eventJson('user.updated', userJson('user_1', { updated_at: 2_000, first_name: 'New' })))
    await rig.deliver(eventJson('user.created', userJson('user_1', { updated_at: 1_000, first_name: 'Old' })))
    expect(rig.named('webhook.stale')).toMatchObject([{ type: 'user.created' }])
    expect(await rig.stores.users.findByClerkId('user_1')).toMatchObject({ firstName: 'New' })
  })

  it('is the same without an inbox, except that a repetition is processed again', async () => {
    const rig = memoryRig({ withInbox: false })
    const request = rig.request(created, { id: 'msg_1' })
    expect(await rig.webhooks.receive(request)).toMatchObject({ kind: 'processed' })
    expect(await rig.webhooks.receive(request)).toMatchObject({ kind: 'processed' })
    expect(rig.changes).toHaveLength(2)
    expect(await rig.stores.users.all()).toHaveLength(1)
  })
})

describe('a sign-out of our own', () => {
  it('is recorded like the end of a session, and reaches no handler', async () => {
    const rig = memoryRig()
    const handled: unknown[] = []
    rig.webhooks.on('*', (event) => handled.push(event))
    await rig.webhooks.signOut('sess_1')
    const [change] = await rig.stores.inbox.changesSince(0)
    expect(change).toMatchObject({ subjects: ['sess_1'], appliedAt: rig.clock.ms })
    expect(rig.changes).toEqual([change])
    expect(await rig.stores.inbox.pending(10)).toEqual([])
    expect(handled).toEqual([])
  })

  it('is in effect here although the inbox is down, and the caller learns that nobody else knows', async () => {
    const rig = memoryRig()
    rig.stores.inbox.claim = () => Promise.reject(new StoreUnavailableError('down'))
    await expect(rig.webhooks.signOut('sess_1')).rejects.toThrow(StoreUnavailableError)
    expect(rig.changes).toMatchObject([{ subjects: ['sess_1'] }])
  })

  it('that was killed half-way is finished by a replay', async () => {
    const rig = memoryRig()
    const handled: unknown[] = []
    rig.webhooks.on('*', (event) => handled.push(event))
    const { applied } = rig.stores.inbox
    rig.stores.inbox.applied = () => Promise.reject(new StoreUnavailableError('down'))
    await expect(rig.webhooks.signOut('sess_1')).rejects.toThrow(StoreUnavailableError)
    rig.stores.inbox.applied = applied
    rig.clock.ms += 61_000
    const [pending] = await rig.stores.inbox.pending(10)
    expect(await rig.webhooks.replay(pending!)).toMatchObject({ kind: 'processed' })
    expect(await rig.stores.inbox.changesSince(0)).toMatchObject([{ subjects: ['sess_1'] }])
    expect(handled).toEqual([])
  })
})
