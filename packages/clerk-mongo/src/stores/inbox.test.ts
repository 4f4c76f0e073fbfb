import { StoreUnavailableError } from '@acme/clerk-core'
import type { InboxEvent, NewChange } from '@acme/clerk-core/store'
import { StoreFaultError } from '@acme/clerk-core/store'
import { describeWith } from '@acme/tools/services/vitest'
import type { CommandStartedEvent, Db, Document, MongoClient } from 'mongodb'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import type { MongoDatabase } from '../driver.js'
import { mongoStore } from '../mongo-store.js'
import { DRIVERS, empty } from '../testing/drivers.js'
import { openScriptedServer, type ScriptedServer } from '../testing/scripted-server.js'

const DAY_MS = 24 * 3600 * 1000
const EVENT: InboxEvent = {
  ...{ id: 'msg_1', type: 'user.updated', timestamp: 1, subjects: ['user_1'], body: '{}' },
}
const change = (id: string, narrows: string | null = null): NewChange => ({
  ...{ id, type: 'user.updated', subjects: ['user_1'], narrows, version: null },
})

/** The database, with something done around every call of one of its collections. */
function watched(
  db: Db,
  around: (method: string, collection: string, run: () => Promise<unknown>) => Promise<unknown>,
): MongoDatabase {
  return {
    databaseName: db.databaseName,
    command: (command) => db.command(command),
    collection: (name, options) =>
      new Proxy(db.collection(name, options), {
        get(collection, property) {
          const member: unknown = Reflect.get(collection, property)
          if (typeof member !== 'function') return member
          if (property === 'find') return member.bind(collection)
          return (...args: unknown[]) =>
            around(String(property), name, async () => Reflect.apply(member, collection, args))
        },
      }),
  }
}

await describeWith('mongodb', 'the inbox and the log', (server) => {
  describe.each(DRIVERS)('with $driver', ({ connect }) => {
    let scripted: ScriptedServer
    let around: MongoClient
    let db: Db
    let client: MongoClient
    let sent: Document[]
    let store: ReturnType<typeof mongoStore>
    let drop: () => Promise<void>

    beforeAll(async () => {
      const database = await server.createDatabase('inbox')
      drop = database.drop
      scripted = await openScriptedServer(database.url)
      around = connect(database.url)
      db = around.db()
      // An application that reads copies, and does not wait for its writes to reach a second member.
      client = connect(scripted.url, {
        ...{ monitorCommands: true, retryWrites: false, retryReads: false },
        ...{
          readPreference: 'secondaryPreferred',
          readConcern: { level: 'majority' },
          writeConcern: { w: 1 },
        },
      })
      client.on('commandStarted', ({ command }: CommandStartedEvent) => sent.push(command))
      store = mongoStore(client.db())
      sent = []
      await store.ensureIndexes()
    })
    beforeEach(async () => {
      await empty(db)
      sent = []
    })
    afterEach(() => {
      scripted.script = () => undefined
      vi.useRealTimers()
    })
    afterAll(async () => {
      await client.close()
      await around.close()
      await scripted.close()
      await drop()
    })

    const entries = () => db.collection('clerkChanges').find({ eventId: { $exists: true } })
    const claimed = async (leaseMs: number, event = EVENT) => {
      const claim = await store.inbox.claim(event, leaseMs)
      return claim.status === 'claimed' ? claim.owner : expect.fail(claim.status)
    }

    test.each([
      ['a year behind', -365 * DAY_MS],
      ['a year ahead', 365 * DAY_MS],
    ])('a process whose clock is %s writes the times of the server', async (_, offMs) => {
      const before = Date.now()
      vi.useFakeTimers({ toFake: ['Date'], now: before + offMs })
      const owner = await claimed(60_000)
      expect(await store.inbox.claim(EVENT, 60_000)).toMatchObject({ status: 'busy' })
      await store.inbox.renew('msg_1', owner, 120_000)
      const held = await store.inbox.find('msg_1')
      await store.inbox.release('msg_1', owner, { error: 'again', retryAfterMs: 60_000 })
      const released = await store.inbox.find('msg_1')
      await store.inbox.finish('msg_1', await claimed(1), 'done')
      const done = await store.inbox.find('msg_1')
      const { at } = await store.inbox.append(change('msg_1'))
      const { now } = await store.inbox.changesSince(null, 1)
      vi.useRealTimers()
      const after = Date.now()
      const times = {
        receivedAt: held?.receivedAt,
        leaseUntil: (held?.leaseUntil ?? 0) - 120_000,
        dueAt: (released?.dueAt ?? 0) - 60_000,
        finishedAt: done?.finishedAt,
        at,
        now,
      }
      for (const [name, time] of Object.entries(times)) {
        expect([name, Number(time) >= before - 1, Number(time) <= after + 1]).toEqual([name, true, true])
      }
    })

    test('a lease is reckoned by the clock that the server tells when it is asked `hello`', async () => {
      const localTime = new Date(Date.now() + DAY_MS)
      scripted.script = (command) => ('hello' in command ? { ok: 1, localTime } : undefined)
      await mongoStore(client.db()).inbox.claim(EVENT, 1000)
      expect((await store.inbox.find('msg_1'))?.leaseUntil).toBe(localTime.getTime() + 1000)
      expect(sent.some((command) => 'isMaster' in command)).toBe(false)
    })

    test('a server that does not tell its time is a fault', async () => {
      scripted.script = (command) => ('hello' in command ? { ok: 1 } : undefined)
      await expect(mongoStore(client.db()).inbox.claim(EVENT, 1)).rejects.toThrow(StoreFaultError)
    })

    test('reads where it writes, and waits for most of the members, whatever the client does', async () => {
      const owner = await claimed(0)
      await claimed(0)
      await store.inbox.renew('msg_1', owner, 1)
      await store.inbox.due(1)
      await store.inbox.find('msg_1')
      await store.inbox.list({ limit: 1 })
      await store.inbox.discardEarlier('user_1', { exceptId: 'msg_2' })
      for (const id of ['msg_1', 'msg_2']) await store.inbox.append(change(id, 'user_1'))
      await store.inbox.changesSince((await store.inbox.changesSince(null, 1)).position, 1)
      await store.inbox.revocations(null, 1)
      await new Promise((resolve) => setTimeout(resolve, 5))
      await store.inbox.prune(0)
      const ours = sent.filter((command) =>
        Object.values(command).some((name) => name === 'clerkInbox' || name === 'clerkChanges'),
      )
      const writes = ours.filter((command) => !('find' in command))
      expect(writes.length).toBeGreaterThan(9)
      for (const command of writes)
        expect(command.writeConcern).toMatchObject({ w: 'majority', wtimeout: 10_000 })
      for (const command of ours.filter(({ find }) => find !== undefined))
        expect(command.readConcern).toEqual({ level: 'local' })
      // A single server is not told whom to ask.
      const opened = new Map<string, string | undefined>()
      mongoStore({
        databaseName: db.databaseName,
        command: (command) => db.command(command),
        collection(name, options) {
          const collection = client.db().collection(name, options)
          opened.set(name, collection.readPreference?.mode)
          return collection
        },
      })
      expect([opened.get('clerkInbox'), opened.get('clerkChanges')]).toEqual(['primary', 'primary'])
    })

    test('a write that did not reach most of the members in time is an outage', async () => {
      const owner = await claimed(60_000)
      const writeConcernError = { code: 64, codeName: 'WriteConcernTimeout', errmsg: 'timed out' }
      const value = { _id: 1, given: 1, givenAt: new Date(), at: new Date(), attempts: 1, succeeded: [] }
      scripted.script = (command) =>
        'findAndModify' in command || 'update' in command
          ? { ok: 1, n: 1, nModified: 1, value, writeConcernError }
          : undefined
      const calls = {
        claim: () => store.inbox.claim({ ...EVENT, id: 'msg_2' }, 1),
        renew: () => store.inbox.renew('msg_1', owner, 1),
        succeeded: () => store.inbox.succeeded('msg_1', owner, 'mail'),
        finish: () => store.inbox.finish('msg_1', owner, 'done'),
        discardEarlier: () => store.inbox.discardEarlier('user_1', { exceptId: 'msg_2' }),
        append: () => store.inbox.append(change('msg_1')),
      }
      for (const [name, call] of Object.entries(calls))
        await expect(call(), name).rejects.toThrow(StoreUnavailableError)
    })

    test('a number that was given and not used is a gap, which no reader waits for', async () => {
      const { position } = await store.inbox.changesSince(null, 9)
      scripted.script = ({ findAndModify, query }) =>
        findAndModify === 'clerkChanges' && query?._id !== undefined && query.eventId !== undefined
          ? { ok: 0, code: 91, errmsg: 'shutting down' }
          : undefined
      await expect(store.inbox.append(change('msg_1'))).rejects.toThrow(StoreUnavailableError)
      scripted.script = () => undefined
      await store.inbox.append(change('msg_2'))
      const page = await store.inbox.changesSince(position, 9)
      expect(page.changes.map(({ id }) => id)).toEqual(['msg_2'])
      // The writer of the first one was only late.
      await db
        .collection<{ _id: number }>('clerkChanges')
        .insertOne({ _id: 1, ...change('msg_1'), eventId: 'msg_1', at: new Date() } as { _id: number })
      const late = await store.inbox.changesSince(page.position, 9)
      expect(late.changes.map(({ id }) => id)).toEqual(['msg_1'])
    })

    test('an entry that was written long after its number was given is appended again', async () => {
      let delays = 1
      const late = watched(db, async (method, _, run) => {
        const answer = (await run()) as Document
        if (method === 'findOneAndUpdate' && answer.at instanceof Date && delays-- > 0)
          answer.at = new Date(answer.at.getTime() + 31_000)
        return answer
      })
      const { position } = await mongoStore(late).inbox.append(change('msg_1'))
      expect((await entries().toArray()).map(({ _id, eventId }) => [_id, eventId])).toEqual([
        [1, 'msg_1'],
        [2, 'msg_1'],
      ])
      expect((await store.inbox.changesSince(null, 9)).changes.at(-1)?.position).toBe(position)
    })

    test('an entry that is not written yet is read by a process that starts meanwhile', async () => {
      for (const id of ['msg_1', 'msg_2']) await store.inbox.append(change(id))
      const old = new Date(Date.now() - DAY_MS)
      await db.collection('clerkChanges').updateMany({ eventId: 'msg_1' }, { $set: { at: old } })
      // Given before the one that is seen, and written after the process has begun.
      await db.collection('clerkChanges').deleteMany({ eventId: 'msg_2' })
      await store.inbox.append(change('msg_3'))
      const { changes, position } = await store.inbox.changesSince(null, 9)
      expect(changes.map(({ id }) => id)).toEqual(['msg_3'])
      await db
        .collection<{ _id: number }>('clerkChanges')
        .insertOne({ _id: 2, ...change('msg_2'), eventId: 'msg_2', at: new Date() } as { _id: number })
      const next = await store.inbox.changesSince(position, 9)
      expect(next.changes.map(({ id }) => id)).toEqual(['msg_2'])
    })

    test('a counter that was deleted goes on behind the last entry, and no entry is written over', async () => {
      for (const id of ['msg_1', 'msg_2', 'msg_3']) await store.inbox.append(change(id))
      const { position } = await store.inbox.changesSince(null, 9)
      await db.collection<{ _id: string }>('clerkChanges').deleteOne({ _id: 'counter' })
      await store.inbox.append(change('msg_4'))
      expect((await entries().sort({ _id: 1 }).toArray()).map(({ eventId }) => eventId)).toEqual([
        ...['msg_1', 'msg_2', 'msg_3', 'msg_4'],
      ])
      const { changes } = await store.inbox.changesSince(position, 9)
      expect(changes.map(({ id }) => id)).toEqual(['msg_4'])
    })

    test('a unique index of the application’s on the entries is a fault, and not tried again', async () => {
      const names = { changes: 'uniqueChanges' }
      await db.collection(names.changes).createIndex({ eventId: 1 }, { unique: true, name: 'one each' })
      const { inbox } = mongoStore(client.db(), { collections: names })
      await inbox.append(change('msg_1'))
      await expect(inbox.append(change('msg_1'))).rejects.toMatchObject({
        fault: 'unique',
        index: 'one each',
      })
    })

    test('a revocation is left out where its subject has a newer one, on a later page too', async () => {
      for (const [id, subject] of [
        ['msg_1', 'user_1'],
        ['msg_2', 'user_2'],
        ['msg_3', 'user_1'],
      ] as const) {
        await store.inbox.append(change(id, subject))
      }
      const first = await store.inbox.revocations(null, 1)
      expect([first.changes, first.more]).toEqual([[], true])
      const second = await store.inbox.revocations(first.position, 2)
      expect(second.changes.map(({ id }) => id)).toEqual(['msg_2', 'msg_3'])
      const all = await store.inbox.revocations(null, 9)
      expect(all.changes.map(({ id }) => id)).toEqual(['msg_2', 'msg_3'])
    })

    test('prunes more than a batch, and not an event that is claimed again meanwhile', async () => {
      const old = new Date(Date.now() - DAY_MS)
      const many = Array.from({ length: 2500 }, (_, index) => index + 1)
      await db
        .collection<{ _id: string }>('clerkInbox')
        .insertMany(many.map((id) => ({ _id: `msg_${id}`, status: 'failed', finishedAt: old })))
      await db
        .collection<{ _id: number }>('clerkChanges')
        .insertMany(many.map((_id) => ({ _id, eventId: `msg_${_id}`, at: old })))
      const claimedAgain = watched(db, async (method, name, run) => {
        const failed = { _id: 'msg_1200', status: 'failed' }
        if (method === 'deleteMany' && name === 'clerkInbox')
          await db
            .collection<{ _id: string }>(name)
            .updateOne(failed, { $set: { status: 'open', finishedAt: null } })
        return run()
      })
      expect(await mongoStore(claimedAgain).inbox.prune(DAY_MS / 2)).toBe(2499)
      const left = await db.collection<{ _id: string }>('clerkInbox').find().toArray()
      expect(left).toMatchObject([{ _id: 'msg_1200', status: 'open' }])
      expect(await entries().toArray()).toEqual([])
    })
  })
})
