import { createHash } from 'node:crypto'
import { createClerkClient } from '@clerk/backend'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compact } from '../../../testing/signer.js'
import { readSessionCookies } from './cookies.js'

const DOMAIN = 'example.com'
const ISSUER = `https://clerk.${DOMAIN}`
/** Seconds. Far enough from every `exp` below for both clocks to agree. */
const NOW = Math.floor(Date.now() / 1000)

const KINDS = { production: 'live', development: 'test' } as const
type Kind = keyof typeof KINDS

function instanceOf(kind: Kind) {
  const publishableKey = `pk_${KINDS[kind]}_${Buffer.from(`clerk.${DOMAIN}$`).toString('base64')}`
  const suffix = createHash('sha1').update(publishableKey).digest('base64url').slice(0, 8)
  return { publishableKey, suffix, issuer: ISSUER, production: kind === 'production' }
}

/**
 * What `@clerk/backend` chooses, as it says itself: made to redirect to Clerk, it puts the set and the token it has chosen
 * into the URL.
 */
async function theirs(kind: Kind, cookie: string): Promise<{ suffixed: boolean; token: string | null }> {
  const { publishableKey } = instanceOf(kind)
  const clerk = createClerkClient({
    secretKey: `sk_${KINDS[kind]}_aaaaaaaaaaaaaaaaaaaa`,
    publishableKey,
    telemetry: { disabled: true },
  })
  const query = kind === 'production' ? '__clerk_synced=false' : '__clerk_db_jwt=dvb_1'
  const state = await clerk.authenticateRequest(
    new Request(`https://app.${DOMAIN}/?${query}`, {
      headers: { cookie, 'sec-fetch-dest': 'document', host: `app.${DOMAIN}` },
    }),
    kind === 'production' ? { isSatellite: true, domain: DOMAIN } : {},
  )
  const location = new URL(state.headers.get('location') ?? '')
  return {
    suffixed: location.searchParams.get('suffixed_cookies') === 'true',
    token: location.searchParams.get('__session'),
  }
}

const claims = fc.record(
  {
    iss: fc.constantFrom(ISSUER, `http://clerk.${DOMAIN}`, 'https://clerk.other.example', '', 7),
    iat: fc.constantFrom<unknown>(NOW - 50, NOW - 40, 0, '17', -1),
    exp: fc.constantFrom(NOW - 1000, NOW + 1000),
  },
  { requiredKeys: [] },
)
const jwt = fc
  .tuple(claims, fc.constantFrom('a', 'b'))
  .map(([payload, jti]) => compact({ alg: 'RS256' }, { ...payload, jti }, () => Buffer.from('signature')))
const session = fc.oneof(
  { weight: 6, arbitrary: jwt },
  { weight: 3, arbitrary: fc.constant(undefined) },
  // A payload that is `null` is not among them: on it their function throws.
  { weight: 1, arbitrary: fc.constantFrom('', 'x', 'a.b', 'a.b.c', 'e30.e30.', 'e30.W10.e30') },
)
const uat = fc.constantFrom(undefined, '', '0', '00', String(NOW - 45), String(NOW - 60), 'x')

function header(
  suffix: string,
  sets: Record<'suffixed' | 'plain', { session?: string | undefined; uat?: string | undefined }>,
) {
  return [
    ['__session', sets.plain.session],
    ['__client_uat', sets.plain.uat],
    [`__session_${suffix}`, sets.suffixed.session],
    [`__client_uat_${suffix}`, sets.suffixed.uat],
    ['__clerk_db_jwt', 'dvb_1'],
  ]
    .flatMap(([name, value]) => (value === undefined ? [] : `${name}=${value}`))
    .join('; ')
}

describe.each(['production', 'development'] as const)('with keys of %s', (kind) => {
  it('the set of cookies is the one that @clerk/backend chooses', async () => {
    const instance = instanceOf(kind)
    const set = fc.record({ session, uat })
    await fc.assert(
      fc.asyncProperty(set, set, async (suffixed, plain) => {
        const cookie = header(instance.suffix, { suffixed, plain })
        const chosen = await theirs(kind, cookie)
        const expected = chosen.suffixed ? suffixed : plain
        expect(chosen.token ?? '').toBe(expected.session ?? '')
        const ours = readSessionCookies(cookie, instance, () => NOW)
        expect(ours.token).toBe(expected.session || null)
        expect(ours.clientUat).toBe(/^\d+$/.test(expected.uat ?? '') ? Number(expected.uat) : null)
      }),
      { numRuns: 300 },
    )
  })
})
