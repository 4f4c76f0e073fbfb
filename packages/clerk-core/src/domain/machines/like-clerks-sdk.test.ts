import { createClerkClient } from '@clerk/backend'
import { verifyMachineAuthToken } from '@clerk/backend/internal'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { startInstance, startOffline } from '../../../testing/authority-harness.js'
import { createMachineHarness, MACHINE, RESOURCE } from '../../../testing/machine-harness.js'
import { compact, createSigner, rs256 } from '../../../testing/signer.js'
import { ISSUER } from '../../../testing/token-harness.js'

const signer = createSigner()
const attacker = createSigner()

/** Mostly what a token should say, sometimes just beside it, sometimes nonsense. */
const mostly = <T>(good: T, ...others: unknown[]) =>
  fc.oneof(
    { weight: 9, arbitrary: fc.constant<unknown>(good) },
    { weight: 1, arbitrary: fc.constantFrom(...others) },
  )
/** Relative to now, and never within two seconds of where the tolerance ends: the two clocks are read one after the other. */
const seconds = (good: number, ...others: unknown[]) =>
  mostly(good, -3600, -60, -8, -2, 2, 8, 60, 3600, undefined, null, 'x', ...others)

const token = fc.record({
  kind: fc.constantFrom('m2m', 'oauth'),
  typ: mostly('own', undefined, 'JWT', 'at+jwt', 'application/at+jwt', 'AT+JWT', 7),
  cat: mostly('own', undefined, 'cl_B7d4PD111AAA', 'cl_B7d4PD222AAA', 'cl_B7d4PD333AAA', 'cl_I7d4PD111III'),
  alg: mostly('RS256', 'none', 'HS256', 'RS384', undefined),
  key: mostly(signer, attacker),
  sub: mostly('own', 'mch_1', 'user_1', '', undefined, 7, 'mch_'),
  jti: mostly('id_1', undefined, 7),
  client_id: mostly('client_1', undefined, 7),
  aud: mostly('own', undefined, RESOURCE, [RESOURCE, MACHINE], [MACHINE], 'https://x.example', 7, ['']),
  scopes: mostly(MACHINE, undefined, 'mch_other', `mch_other ${MACHINE}`, ''),
  scp: mostly(undefined, ['read'], [], ['read', 'write']),
  scope: mostly('read write', undefined, '', 'read'),
  act: mostly(undefined, { sub: 'user_2' }, { sub: 'user_2', act: { sub: 'agent' } }, 'x', { iss: 'x' }),
  iat: seconds(-2),
  nbf: seconds(-2),
  exp: seconds(60),
  custom: mostly(undefined, { a: 1 }, 'x'),
  cut: mostly(0, 1, 2),
})

it('what `@clerk/backend` refuses is never accepted here, and what both accept means the same', async () => {
  const accept = { m2m: 'jwt', oauth: { form: 'jwt', resource: RESOURCE } } as const
  const harness = createMachineHarness({ jwtKey: signer.pem, accept, now: () => Date.now() })
  const counts = { both: 0, neither: 0, theirs: 0 }
  await fc.assert(
    fc.asyncProperty(token, async (drawn) => {
      const { kind, key, cut, alg } = drawn
      const now = Math.floor(Date.now() / 1000)
      const own = (value: unknown, ofM2M: unknown, ofOAuth: unknown) =>
        value === 'own' ? (kind === 'm2m' ? ofM2M : ofOAuth) : value
      const at = (offset: unknown) => (typeof offset === 'number' ? now + offset : offset)
      const header = {
        alg,
        kid: 'ins_1',
        typ: own(drawn.typ, 'JWT', 'at+jwt'),
        cat: own(drawn.cat, 'cl_B7d4PD333AAA', undefined),
      }
      const { jti, client_id, scopes, scp, scope, act, custom } = drawn
      const claims = {
        iss: ISSUER,
        sub: own(drawn.sub, 'mch_there', 'user_1'),
        aud: own(drawn.aud, [MACHINE], RESOURCE),
        iat: at(drawn.iat),
        nbf: at(drawn.nbf),
        exp: at(drawn.exp),
        jti,
        ...(kind === 'm2m' ? { scopes } : { client_id, scp, scope, act }),
        custom,
      }
      const whole = compact(header, claims, rs256((key as typeof signer).privateKey))
      const sent = cut === 0 ? whole : whole.slice(0, -Number(cut))
      const here = await harness.verify(sent)
      const isOAuth = header.typ !== 'JWT' && !String(claims.sub).startsWith('mch_')
      const there = await verifyMachineAuthToken(sent, {
        jwtKey: signer.pem,
        clockSkewInMs: 5000,
        ...(isOAuth ? { audience: RESOURCE } : {}),
      }).catch((error: unknown) => ({ errors: [error], data: undefined }))
      const theyAccept = there.errors === undefined
      if (here.ok) expect({ header, claims, errors: there.errors }).toMatchObject({ errors: undefined })
      counts[here.ok ? 'both' : theyAccept ? 'theirs' : 'neither']++
      if (!here.ok || there.data === undefined) return
      const { machine } = here
      expect({ id: machine.id, subject: machine.subject }).toEqual({
        id: there.data.id,
        subject: there.data.subject,
      })
      if (machine.tokenType === 'm2m') {
        expect(machine.audience).toEqual(there.data.scopes)
        expect(machine.claims).toEqual('claims' in there.data ? there.data.claims : null)
      } else {
        expect(machine.scopes).toEqual(there.data.scopes?.filter((one) => one !== ''))
        expect(machine.clientId).toBe('clientId' in there.data ? there.data.clientId : null)
        expect(machine.actor).toEqual('act' in there.data ? (there.data.act ?? null) : null)
      }
    }),
    { numRuns: process.env.THOROUGH === '1' ? 10_000 : 500 },
  )
  expect(counts.both).toBeGreaterThan(20)
  expect(counts.neither).toBeGreaterThan(20)
})

const STATES = ['good', 'revoked', 'expired', 'unknown'] as const

it.each(STATES)(
  'an opaque credential that is %s: what passes here is what passes there, and means the same',
  async (state) => {
    const offline = await startOffline()
    const receiver = offline.createMachine({ name: 'receiver' })
    const caller = offline.createMachine({ name: 'caller', scopedMachines: [receiver.id] })
    const { clerk } = startInstance(offline, {
      accept: { apiKeys: true, m2m: 'opaque', oauth: 'opaque' },
      machineSecretKey: receiver.secret_key,
    })
    const theirs = createClerkClient({ secretKey: offline.secretKey, apiUrl: offline.url })
    const user = offline.createUser()
    const seconds = state === 'expired' ? 60 : 3600
    const key = offline.createApiKey({ subject: user, secondsUntilExpiration: seconds })
    const m2m = await offline.createM2MToken({ machine: caller, secondsUntilExpiration: seconds })
    const oauth = offline.createOAuthToken({ user, ttlSeconds: seconds })
    if (state === 'revoked') {
      await theirs.apiKeys.revoke({ apiKeyId: key.id })
      await theirs.m2m.revokeToken({ m2mTokenId: m2m.id, machineSecretKey: caller.secret_key })
      offline.revokeOAuthToken(oauth)
    }
    if (state === 'expired') await offline.advance(61_000)
    const asked: [string, string][] = [
      [key.secret, key.id],
      [m2m.token, m2m.id],
      [oauth.token, oauth.id],
    ]
    for (const [credential, id] of asked) {
      const sent = state === 'unknown' ? `${credential}x` : credential
      const here = await clerk.authenticate({ authorization: `Bearer ${sent}` })
      const there = await verifyMachineAuthToken(sent, {
        secretKey: offline.secretKey,
        apiUrl: offline.url,
      })
      // Theirs looks at no flag: it accepts what was revoked or has expired.
      expect(here.kind).toBe(state === 'good' ? 'machine' : 'anonymous')
      if (here.kind === 'machine')
        expect([here.id, there.data?.id, there.errors]).toEqual([id, id, undefined])
      if (state === 'unknown') expect(there.data).toBeUndefined()
    }
  },
)
