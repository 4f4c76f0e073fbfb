import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { json, startServer, type TestServer } from '../../../testing/http-server.js'
import {
  createMachineHarness,
  M2M_HEADER,
  MACHINE,
  m2mClaims,
  OAUTH_HEADER,
  oauthClaims,
  RESOURCE,
} from '../../../testing/machine-harness.js'
import { compact, createSigner, hs256, rs256, unsigned } from '../../../testing/signer.js'
import { APP, createTokenHarness, ISSUER, START } from '../../../testing/token-harness.js'

const signer = createSigner()
const attacker = createSigner()
const jwtKey = signer.pem
const m2m = (claims: object = {}, header: object = {}) =>
  signer.mint(m2mClaims(claims as never), { ...M2M_HEADER, ...header })
const oauth = (claims: object = {}, header: object = {}) =>
  signer.mint(oauthClaims(claims as never), { ...OAUTH_HEADER, ...header })
const servers: TestServer[] = []
afterAll(() => Promise.all(servers.map((server) => server.stop())))

describe('what a JWT of a machine says', () => {
  it('of M2M: who sent it, for whom, custom claims, and no scope', async () => {
    const harness = createMachineHarness({ jwtKey })
    expect(await harness.verify(m2m({ team: 'a', permissions: ['x'] }))).toEqual({
      ok: true,
      cached: false,
      hash: expect.any(String),
      until: (START + 60) * 1000,
      jwt: expect.anything(),
      machine: {
        tokenType: 'm2m',
        id: 'mt_1',
        subject: 'mch_there',
        scopes: [],
        audience: [MACHINE, 'mch_other'],
        claims: {
          aud: [MACHINE],
          scopes: `${MACHINE} mch_other`,
          team: 'a',
          permissions: ['x'],
        },
        clientId: null,
        actor: null,
        name: null,
        expiresAt: START + 3600,
      },
    })
  })

  it('of OAuth: the user, the application, the scopes from `scp` or `scope`, and who acts', async () => {
    const harness = createMachineHarness({ jwtKey })
    const act = { sub: 'user_admin', act: { sub: 'agent' } }
    const result = await harness.verify(oauth({ scp: ['read', 'write'], act, team: 'a' }))
    expect(result).toMatchObject({
      ok: true,
      machine: {
        tokenType: 'oauth',
        id: 'oat_1',
        subject: 'user_1',
        clientId: 'client_1',
        scopes: ['read', 'write'],
        audience: [RESOURCE],
        actor: act,
        claims: { team: 'a' },
        expiresAt: START + 3600,
      },
    })
    if (!result.ok) throw new Error('refused')
    expect(() => Object.assign(result.machine.actor as object, { sub: 'user_2' })).toThrow(TypeError)
    const scopes = async (claims: object) => {
      const of = await harness.verify(oauth(claims))
      return of.ok ? of.machine.scopes : null
    }
    expect(await scopes({})).toEqual(['profile', 'read'])
    // A scope that cannot be read with certainty is not granted, and none of the others with it.
    for (const scp of ['read', { 0: 'read' }, [['read']], ['read', 7], null]) {
      expect([scp, await scopes({ scp })]).toEqual([scp, []])
    }
    expect(await scopes({ scope: ['read'] })).toEqual([])
  })
})

describe('is refused', () => {
  it.each<[string, () => string, string]>([
    ['a type that is not RFC 9068’s', () => oauth({}, { typ: 'AT+JWT' }), 'token-type-not-allowed'],
    [
      'an OAuth token of the session category',
      () => oauth({}, { cat: 'cl_B7d4PD111AAA' }),
      'token-category-not-allowed',
    ],
    [
      'an OAuth token of a template',
      () => oauth({}, { cat: 'cl_B7d4PD222AAA' }),
      'token-category-not-allowed',
    ],
    [
      'an OAuth token of the M2M category',
      () => oauth({}, { cat: 'cl_B7d4PD333AAA' }),
      'token-type-not-allowed',
    ],
    ['an OAuth token of a machine', () => oauth({ sub: 'mch_1' }), 'token-type-not-allowed'],
    [
      'an M2M token of the session category',
      () => m2m({}, { cat: 'cl_B7d4PD111AAA' }),
      'token-category-not-allowed',
    ],
    ['an M2M token to be ignored', () => m2m({}, { cat: 'cl_I7d4PD111III' }), 'token-category-not-allowed'],
    ['an M2M token of a user', () => m2m({ sub: 'user_1' }), 'subject-invalid'],
    ['an M2M token without a machine’s id', () => m2m({ sub: 'mch_' }), 'subject-invalid'],
    ['an OAuth token of an organisation', () => oauth({ sub: 'org_1' }), 'subject-invalid'],
    ['an OAuth token without a subject', () => oauth({ sub: undefined }), 'subject-invalid'],
    ['another issuer', () => oauth({ iss: 'https://clerk.evil.example' }), 'issuer-mismatch'],
    ['another issuer of M2M', () => m2m({ iss: [ISSUER] }), 'issuer-mismatch'],
    ['no expiry', () => m2m({ exp: undefined }), 'time-claim-invalid'],
    ['an expiry of infinity', () => signer.mint(JSON.parse('{}'), {}), 'token-type-not-allowed'],
    ['an expiry in text', () => oauth({ exp: String(START + 60) }), 'time-claim-invalid'],
    ['a fraction', () => oauth({ iat: START + 0.5 }), 'time-claim-invalid'],
    ['no time of issue', () => oauth({ iat: undefined }), 'time-claim-invalid'],
    ['an `nbf` of null', () => oauth({ nbf: null }), 'time-claim-invalid'],
    [
      'an OAuth token that lives longer than revocations',
      () => oauth({ exp: START + 86_401 }),
      'lifetime-too-long',
    ],
    ['no id', () => oauth({ jti: undefined }), 'machine-credential-invalid'],
    ['no application', () => oauth({ client_id: '' }), 'machine-credential-invalid'],
    [
      'a token that is bound to a key',
      () => oauth({ cnf: { jkt: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I' } }),
      'machine-credential-invalid',
    ],
    ['an actor who cannot be read', () => oauth({ act: 'user_2' }), 'machine-credential-invalid'],
    ['an actor without a subject', () => oauth({ act: { iss: ISSUER } }), 'machine-credential-invalid'],
    [
      'an M2M token for another machine',
      () => m2m({ scopes: 'mch_other', aud: [MACHINE] }),
      'machine-receiver-mismatch',
    ],
    [
      'a receiver that only begins alike',
      () => m2m({ scopes: `${MACHINE}2 x${MACHINE}` }),
      'machine-receiver-mismatch',
    ],
    ['receivers that cannot be read', () => m2m({ scopes: [MACHINE] }), 'machine-receiver-mismatch'],
    ['receivers that are empty', () => m2m({ scopes: '' }), 'machine-receiver-mismatch'],
    ['no receivers at all', () => m2m({ scopes: undefined, aud: undefined }), 'machine-receiver-mismatch'],
    [
      'an audience that cannot be read',
      () => m2m({ scopes: undefined, aud: [MACHINE, 7] }),
      'machine-receiver-mismatch',
    ],
    [
      'no algorithm',
      () => compact({ alg: 'none', typ: 'at+jwt' }, oauthClaims(), unsigned),
      'token-malformed',
    ],
    [
      'HMAC with the public key',
      () => compact({ alg: 'HS256', typ: 'at+jwt', kid: 'ins_1' }, oauthClaims(), hs256(signer.pem)),
      'algorithm-not-allowed',
    ],
    ['another algorithm of the same family', () => oauth({}, { alg: 'RS384' }), 'algorithm-not-allowed'],
    ['an extension', () => oauth({}, { crit: ['exp'] }), 'critical-header-not-allowed'],
    ['an unencoded payload', () => m2m({}, { b64: false }), 'critical-header-not-allowed'],
    [
      'another key',
      () => compact({ alg: 'RS256', typ: 'at+jwt', kid: 'ins_1' }, oauthClaims(), rs256(attacker.privateKey)),
      'signature-invalid',
    ],
    [
      'a key that it brings itself',
      () =>
        compact(
          { alg: 'RS256', typ: 'at+jwt', jwk: attacker.jwk },
          oauthClaims(),
          rs256(attacker.privateKey),
        ),
      'signature-invalid',
    ],
    ['padding', () => `${oauth()}=`, 'token-malformed'],
    ['a fourth part', () => `${oauth()}.x`, 'token-malformed'],
    ['more than 8 KiB', () => oauth({ filler: 'x'.repeat(8192) }), 'token-too-large'],
  ])('%s', async (_name, token, reason) => {
    const harness = createMachineHarness({ jwtKey })
    expect(await harness.reason(token())).toBe(reason)
    expect(await harness.reason(token())).toBe(reason)
  })

  it('by a key set where it names no key, or a name that is no string', async () => {
    const server = await startServer(json({ keys: [signer.jwk] }))
    servers.push(server)
    const harness = createMachineHarness({ jwksUrl: server.url })
    expect(await harness.reason(oauth())).toBe('accepted')
    expect(await harness.reason(m2m())).toBe('accepted')
    for (const kid of [undefined, 7, ['ins_1']])
      expect(await harness.reason(oauth({}, { kid }))).toBe('key-id-missing')
    expect(await harness.reason(oauth({}, { kid: '__proto__' }))).toBe('key-not-found')
  })

  it('as unavailable where the keys cannot be fetched, unless it is of another issuer anyway', async () => {
    const server = await startServer(json({}, 500))
    servers.push(server)
    const harness = createMachineHarness({ jwksUrl: server.url })
    expect(await harness.verify(oauth())).toMatchObject({ unavailable: { reason: 'keys-unavailable' } })
    expect(await harness.reason(oauth({ iss: 'https://x.example' }))).toBe('issuer-mismatch')
  })

  it('in a form that `accept` does not name', async () => {
    const secretKey = 'sk_test_a'
    const machineSecretKey = 'ak_m'
    const opaque = createMachineHarness({
      jwtKey,
      secretKey,
      machineSecretKey,
      accept: { m2m: 'opaque', oauth: true },
    })
    expect(await opaque.reason(m2m())).toBe('machine-jwt-not-accepted')
    expect(await opaque.reason(oauth())).toBe('accepted')
    const jwt = createMachineHarness({ jwtKey, accept: { m2m: 'jwt' } })
    expect(await jwt.reason('mt_0123456789')).toBe('machine-type-not-accepted')
    expect(await jwt.reason(oauth())).toBe('machine-jwt-not-accepted')
    const noId = createMachineHarness({
      jwtKey,
      machineId: undefined,
      machineSecretKey,
      secretKey,
      accept: { m2m: true, oauth: true },
    })
    expect(await noId.reason(m2m())).toBe('machine-jwt-not-accepted')
  })

  it('for another resource, where `accept.oauth` names one', async () => {
    const harness = createMachineHarness({
      jwtKey,
      accept: { m2m: 'jwt', oauth: { form: 'jwt', resource: RESOURCE } },
    })
    for (const aud of [RESOURCE, ['https://x.example', RESOURCE]])
      expect(await harness.reason(oauth({ aud }))).toBe('accepted')
    for (const aud of [
      undefined,
      '',
      `${RESOURCE}/`,
      [RESOURCE, 7],
      { 0: RESOURCE },
      'https://mcp.example.com',
    ])
      expect([aud, await harness.reason(oauth({ aud }))]).toEqual([aud, 'machine-resource-mismatch'])
    expect(await harness.reason(m2m())).toBe('accepted')
  })
})

describe('time', () => {
  it.each([
    ['a miss', 0],
    ['a hit', 10],
  ])('is looked at on %s, with the tolerance to the second', async (_name, tokens) => {
    const of = (accept = {}) =>
      createMachineHarness({
        jwtKey,
        cache: { tokens },
        clockToleranceSeconds: 5,
        accept: { m2m: 'jwt', oauth: 'jwt', ...accept },
      })
    const harness = of()
    const token = oauth({ exp: START + 60, nbf: START })
    const at = async (seconds: number, which = harness) => {
      which.now = (START + seconds) * 1000
      return which.reason(token)
    }
    expect(await at(0)).toBe('accepted')
    expect(await at(64.9)).toBe('accepted')
    expect(await at(65)).toBe('machine-credential-expired')
    // The clock is obeyed in both directions.
    expect(await at(-5)).toBe('accepted')
    expect(await at(-6)).toBe('token-issued-in-future')
    const young = of({ maxAgeSeconds: 20 })
    expect(await at(0, young)).toBe('accepted')
    expect(await at(24.9, young)).toBe('accepted')
    expect(await at(25, young)).toBe('machine-credential-expired')
    harness.now = START * 1000
    expect(await harness.reason(oauth({ nbf: START + 6 }))).toBe('token-not-yet-valid')
  })

  it('an M2M token may live as long as its machine wants', async () => {
    const harness = createMachineHarness({ jwtKey })
    expect(await harness.reason(m2m({ exp: START + 30 * 86_400 }))).toBe('accepted')
  })
})

describe('the cache', () => {
  it('answers a second time without a signature, until the key is gone', async () => {
    const keys = { keys: [signer.jwk] }
    const server = await startServer((request, response) => json(keys)(request, response))
    servers.push(server)
    const harness = createMachineHarness({ jwksUrl: server.url })
    const token = oauth({ exp: START + 86_000 })
    expect(await harness.verify(token)).toMatchObject({ ok: true, cached: false })
    expect(await harness.verify(token)).toMatchObject({ ok: true, cached: true })
    keys.keys = [createSigner('ins_2').jwk]
    harness.now += 3600_000
    expect(await harness.reason(token)).toBe('key-not-found')
  })
})

const CATEGORIES = [
  undefined,
  'cl_B7d4PD111AAA',
  'cl_B7d4PD222AAA',
  'cl_B7d4PD333AAA',
  'cl_I7d4PD111III',
  'x',
]
const TYPES = [undefined, 'JWT', 'at+jwt', 'application/at+jwt', 'logout+jwt']
/** What the claims of each kind of token have that others lack. */
const KINDS = {
  session: { sub: 'user_1', sid: 'sess_1', azp: APP, v: 2, sts: 'active' },
  template: { sub: 'user_1' },
  m2m: { sub: 'mch_there', scopes: MACHINE, aud: [MACHINE] },
  oauth: { sub: 'user_1', client_id: 'client_1', scope: 'read', aud: RESOURCE },
} as const

describe('a token for one use is never taken for another', () => {
  it('whatever header and claims of all kinds are put together, at most one reader accepts it, and as what it is', async () => {
    const machines = createMachineHarness({ jwtKey })
    const sessions = createTokenHarness({ jwtKey, allowMissingAzp: true })
    const kind = fc.constantFrom(...(Object.keys(KINDS) as (keyof typeof KINDS)[]))
    const accepted: Record<string, number> = { session: 0, m2m: 0, oauth: 0 }
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...CATEGORIES),
        fc.constantFrom(...TYPES),
        kind,
        fc.option(kind, { nil: null }),
        fc.constantFrom({}, {}, { sub: 'mch_there' }, { sub: 'user_1' }, { sid: 'sess_1' }),
        async (cat, typ, first, second, changes) => {
          const times = { iss: ISSUER, jti: 'x', iat: START, nbf: START, exp: START + 60 }
          const claims = { ...times, ...KINDS[first], ...(second && KINDS[second]), ...changes }
          const token = signer.mint(claims, { cat, typ })
          const session = await sessions.verify(token)
          const machine = await machines.verify(token)
          const isOAuth = typ === 'at+jwt' || typ === 'application/at+jwt'
          expect(session.ok && machine.ok).toBe(false)
          if (session.ok) {
            accepted.session = (accepted.session ?? 0) + 1
            expect([isOAuth, claims.sub, 'sid' in claims]).toEqual([false, 'user_1', true])
            expect(['cl_B7d4PD222AAA', 'cl_B7d4PD333AAA', 'x']).not.toContain(cat)
            // The road of a request: what the header calls a machine's never reaches the session verifier.
            expect(machines.typeOf(token)).toBe(null)
          }
          if (!machine.ok) return
          const { tokenType } = machine.machine
          accepted[tokenType] = (accepted[tokenType] ?? 0) + 1
          expect(tokenType).toBe(isOAuth ? 'oauth' : 'm2m')
          expect(claims.sub).toBe(isOAuth ? 'user_1' : 'mch_there')
          expect(isOAuth ? [undefined, 'cl_I7d4PD111III'] : [undefined, 'cl_B7d4PD333AAA']).toContain(cat)
          expect([null, tokenType]).toContain(machines.typeOf(token))
        },
      ),
      { numRuns: 600 },
    )
    for (const [name, times] of Object.entries(accepted)) expect([name, times > 0]).toEqual([name, true])
  })
})
