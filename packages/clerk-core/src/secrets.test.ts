import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { settingsOf } from './adapter.js'
import { type ClerkOptions, createClerk, memoryStore } from './index.js'

const random = () => randomBytes(24).toString('base64url')
const secrets = {
  secretKey: `sk_test_${random()}`,
  machineSecretKey: `ak_${random()}`,
  webhookSecrets: [1, 2].map(() => `whsec_${randomBytes(24).toString('base64')}`),
  jwtKey: generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({
    type: 'spki',
    format: 'pem',
  }),
}

/** What must not be found: the part behind the prefix, and of a PEM each line of its base64. */
const needles = [secrets.secretKey, secrets.machineSecretKey, ...secrets.webhookSecrets, secrets.jwtKey]
  .flatMap((secret) => String(secret).split('\n'))
  .filter((line) => !line.startsWith('-----') && line.length > 20)
  .map((line) => line.replace(/^(?:sk_test|ak|whsec)_/, ''))

const options = {
  ...secrets,
  jwtKey: String(secrets.jwtKey),
  issuer: 'https://clerk.test',
  authorizedParties: ['https://app.test'],
  accept: { apiKeys: true, m2m: true, oauth: true },
  fetch: async () => new Response('{}', { status: 500 }),
} satisfies ClerkOptions

/** Every text that can be read from a value: own properties, symbols, getters, prototypes, collections and bytes. */
function textsIn(value: unknown, seen = new Set<unknown>()): string[] {
  if (typeof value === 'string') return [value]
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value))
    return []
  seen.add(value)
  if (value instanceof Uint8Array)
    return [Buffer.from(value).toString('base64'), Buffer.from(value).toString('latin1')]
  const inner: unknown[] = [Object.getPrototypeOf(value)]
  if (value instanceof Map) inner.push(...value.keys(), ...value.values())
  if (value instanceof Set) inner.push(...value)
  for (const key of Reflect.ownKeys(value)) {
    inner.push(key)
    try {
      inner.push(Reflect.get(value, key))
    } catch {
      // A getter of a prototype that wants another receiver.
    }
  }
  return inner.flatMap((one) => textsIn(one, seen))
}

const secretsIn = (texts: readonly string[]) =>
  needles.filter((needle) => texts.some((text) => text.includes(needle)))
const shown = (value: unknown) => [
  JSON.stringify(value) ?? '',
  inspect(value, {
    depth: Number.POSITIVE_INFINITY,
    showHidden: true,
    getters: true,
    maxArrayLength: null,
    maxStringLength: null,
  }),
]

test.each([
  ['without stores', () => createClerk(options)],
  ['with stores', () => createClerk({ ...options, ...memoryStore() })],
])('no secret can be read from a clerk %s', async (_, create) => {
  const clerk = create()
  // What is made on first use counts too.
  await Promise.allSettled([
    clerk.authenticate({ authorization: `Bearer ${random()}` }),
    clerk.receiveWebhook({ id: 'msg_1', timestamp: '1', signature: 'v1,AAAA', body: Buffer.from('{}') }),
    clerk.api.createSession('user_1'),
    clerk.machines.createToken(),
    clerk.check(),
  ])
  for (const value of [clerk, clerk.api, clerk.machines, settingsOf(clerk)]) {
    expect(secretsIn(shown(value))).toEqual([])
    expect(secretsIn(textsIn(value))).toEqual([])
  }
  await clerk.close()
})

const { secretKey } = secrets
test.each<[string, object]>([
  ['a property', { nested: [{ secretKey }] }],
  ['a hidden property', Object.defineProperty({}, 'options', { value: secrets, enumerable: false })],
  ['a symbol', { [Symbol('options')]: secretKey }],
  ['a getter', Object.defineProperty({}, 'key', { get: () => secretKey })],
  ['a prototype', Object.create({ secretKey })],
  ['a property of a function', { api: Object.assign(() => undefined, { secretKey }) }],
  ['a map', { map: new Map([['key', secretKey]]) }],
  ['bytes', { key: Buffer.from(secrets.webhookSecrets[0]?.slice('whsec_'.length) ?? '', 'base64') }],
])('the search finds a secret in %s', (_, value) => {
  expect(secretsIn(textsIn(value))).not.toEqual([])
})

test('settings are of the clerk that createClerk returned, and of no other object', () => {
  expect(() => settingsOf({})).toThrow(TypeError)
})
