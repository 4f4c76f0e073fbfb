import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { ConfigurationError } from '@acme/clerk-core'
import type { InvalidationListener } from '@acme/clerk-core/store'
import { type RedisServer, startRedis } from '@acme/tools/services'
import { describeWith } from '@acme/tools/services/vitest'
import { createClient } from 'redis'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type RedisClient, send } from './client.js'
import { redisInvalidation } from './redis-invalidation.js'
import { CLIENTS, until } from './testing/clients.js'

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

function recorder() {
  const heard = { changed: [] as string[], gaps: 0, failures: [] as string[] }
  const listener: InvalidationListener = {
    changed: (position) => heard.changed.push(position),
    gap: () => {
      heard.gaps++
    },
    failed: (error) => heard.failures.push(error instanceof Error ? error.message : 'not an error'),
  }
  return { heard, listener }
}

async function admin(url: string) {
  const client = createClient({ url, RESP: 2 })
  client.on('error', () => undefined)
  await client.connect()
  ends.push(() => client.destroy())
  return client
}

type Admin = Awaited<ReturnType<typeof admin>>

async function readers(client: Admin): Promise<string[]> {
  const list = String(await client.sendCommand(['CLIENT', 'LIST']))
  return list
    .split('\n')
    .filter((line) => / cmd=xread /.test(line))
    .map((line) => /id=(\d+)/.exec(line)?.[1] ?? '')
}

await describeWith('redis', 'a stream of Redis', ({ path }) => {
  let server: RedisServer
  beforeAll(async () => {
    // A replica does not wait for others to come.
    server = await startRedis(path, '--repl-diskless-sync-delay', '0')
  })
  afterAll(() => server.stop())

  describe.each(Object.entries(CLIENTS))('with %s', (_, open) => {
    const stream = () => `changes:${randomUUID()}`

    async function subscribed(
      name: string,
      url = server.url,
      options: { maxLength?: number; open?: typeof open } = {},
    ) {
      const { client, end } = await (options.open ?? open)(url)
      ends.push(end)
      const invalidation = redisInvalidation(client, { stream: name, ...options })
      const { heard, listener } = recorder()
      const unsubscribe = await invalidation.subscribe(listener)
      ends.push(unsubscribe)
      return { invalidation, heard, unsubscribe, client }
    }

    test('a position that one process publishes reaches the others and itself', async () => {
      const name = stream()
      const [one, other] = [await subscribed(name), await subscribed(name)]
      await one.invalidation.publish('7')
      await until(() => one.heard.changed.length > 0 && other.heard.changed.length > 0)
      expect([one.heard.changed, other.heard.changed]).toEqual([['7'], ['7']])
      expect(other.heard.gaps).toBe(0)
    })

    test('of many positions published at once the newest is told, and each promise ends', async () => {
      const { invalidation, heard } = await subscribed(stream())
      await Promise.all(Array.from({ length: 1000 }, (_, i) => invalidation.publish(String(i))))
      await until(() => heard.changed.includes('999'))
      expect(heard.changed.length).toBeLessThan(10)
    })

    test('a subscriber that was cut off loses none of 1,000 entries', async () => {
      const name = stream()
      const { heard } = await subscribed(name)
      const other = await admin(server.url)
      for (let i = 0; i < 1000; i++) {
        await other.sendCommand(['XADD', name, '*', 'position', String(i)])
        if (i % 300 === 200) {
          for (const id of await readers(other)) await other.sendCommand(['CLIENT', 'KILL', 'ID', id])
        }
      }
      await until(() => heard.changed.at(-1) === '999')
      expect(heard.changed).toEqual(Array.from({ length: 1000 }, (_, i) => String(i)))
      expect(heard.failures.length).toBeGreaterThan(0)
      expect(heard.gaps).toBe(0)
    })

    test('a server that was killed and comes back empty is a gap, and later positions are heard', async () => {
      const own = await startRedis(path)
      ends.push(() => own.stop())
      const { heard, invalidation } = await subscribed(stream(), own.url)
      await invalidation.publish('1')
      await until(() => heard.changed.includes('1'))
      await own.kill()
      await until(() => heard.failures.length > 0)
      await own.start()
      await until(() => heard.gaps > 0)
      // The application's own client may still be on its way back.
      await until(() =>
        invalidation.publish('2').then(
          () => true,
          () => false,
        ),
      )
      await until(() => heard.changed.includes('2'))
    })

    test('a stream that was trimmed while the subscriber was away is a gap', async () => {
      const name = stream()
      const { heard } = await subscribed(name)
      const other = await admin(server.url)
      await until(async () => (await readers(other)).length > 0)
      const add = (position: string) =>
        other.sendCommand(['XADD', name, 'MAXLEN', '=', '1', '*', 'position', position])
      await other.multi().addCommand(['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes']).exec()
      for (let i = 0; i < 5; i++) await add(String(i))
      await until(() => heard.gaps > 0 || heard.changed.includes('0'))
      await until(() => heard.gaps > 0 || heard.changed.length === 5)
      await add('last')
      await until(() => heard.changed.includes('last'))
    })

    test('entries that are not ours, and none of them a position, do no harm', async () => {
      const name = stream()
      const { heard } = await subscribed(name)
      const other = await admin(server.url)
      await other.sendCommand(['XADD', name, '*', 'type', 'user.banned'])
      await other.sendCommand(['XADD', name, '*', 'position', ''])
      await other.sendCommand(['XADD', name, '*', 'position', '9'])
      await until(() => heard.changed.includes('9'))
      expect(heard.changed).toEqual(['', '9'])
    })

    test('two backends on one server do not hear each other', async () => {
      const [one, other] = [await subscribed(stream()), await subscribed(stream())]
      await one.invalidation.publish('1')
      await until(() => one.heard.changed.length > 0)
      await other.invalidation.publish('2')
      await until(() => other.heard.changed.length > 0)
      expect(other.heard.changed).toEqual(['2'])
    })

    test('a password that the reader cannot know is told, and closing ends', async () => {
      const own = await startRedis(path, '--requirepass', 'first')
      ends.push(() => own.stop())
      const { client, end } = await open(own.url.replace('//', '//:first@'))
      ends.push(end)
      await send(client, ['CONFIG', 'SET', 'requirepass', 'second'])
      const { heard, listener } = recorder()
      const unsubscribe = await redisInvalidation(client).subscribe(listener)
      expect(heard.failures.join()).toMatch(/WRONGPASS/)
      await unsubscribe()
    })

    test('on a read-only replica publishing fails, and what the primary has is heard', async () => {
      const name = stream()
      const replica = await startRedis(path, '--replicaof', '127.0.0.1', String(server.port))
      ends.push(() => replica.stop())
      const { heard, invalidation } = await subscribed(name, replica.url)
      await expect(invalidation.publish('1')).rejects.toThrow(/READONLY/)
      const primary = await admin(server.url)
      await primary.sendCommand(['XADD', name, '*', 'position', '2'])
      await until(() => heard.changed.includes('2'))
    })
  })

  test('what is no client, and options that are no name and no length, are a ConfigurationError', async () => {
    const make = () => redisInvalidation({} as RedisClient)
    expect(make).toThrow(ConfigurationError)
    expect(make).toThrow(/client: /)
    const client = await admin(server.url)
    const options = () => redisInvalidation(client, { stream: '', maxLength: 0.5 })
    expect(options).toThrow(/stream: .*\n.*maxLength: /)
  })

  test('a process that has unsubscribed ends by itself', async () => {
    const program = fileURLToPath(new URL('testing/ends-by-itself.ts', import.meta.url))
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', program, server.url])
    expect(stdout).toBe('closed\n')
  })
})
