import { resolveOptions } from '../src/configure.js'
import { createKeySource } from '../src/domain/keys/create-key-source.js'
import { createMachineVerifier, type MachineResult } from '../src/domain/machines/machine.js'
import { createObserver, SILENT } from '../src/ground/observe/observer.js'
import type { ClerkOptions } from '../src/options.js'
import { ISSUER, START } from './token-harness.js'

export const MACHINE = 'mch_here'
export const RESOURCE = 'https://mcp.example.com/mcp'

export const M2M_HEADER = { cat: 'cl_B7d4PD333AAA' }
/** `cat` is left out. */
export const OAUTH_HEADER = { typ: 'at+jwt', cat: undefined }

/** Claims of tokens that nothing is wrong with, at {@link START}. */
export const m2mClaims = (changes: Record<string, unknown> = {}) => ({
  iss: ISSUER,
  sub: 'mch_there',
  jti: 'mt_1',
  iat: START,
  nbf: START - 10,
  exp: START + 3600,
  aud: [MACHINE],
  scopes: `${MACHINE} mch_other`,
  ...changes,
})

export const oauthClaims = (changes: Record<string, unknown> = {}) => ({
  iss: ISSUER,
  sub: 'user_1',
  jti: 'oat_1',
  client_id: 'client_1',
  iat: START,
  exp: START + 3600,
  aud: RESOURCE,
  scope: 'profile read',
  ...changes,
})

/** The part of a clerk that verifies machines, with its clock in the test's hand. */
export function createMachineHarness(options: Partial<ClerkOptions>) {
  const harness = {
    now: START * 1000,
    typeOf: (bearer: string) => verifier.typeOf(bearer),
    verify: async (bearer: string): Promise<MachineResult> => verifier.verify(bearer),
    /** The answer in one word. */
    async reason(bearer: string): Promise<string> {
      const result = await harness.verify(bearer)
      if (result.ok) return 'accepted'
      return 'reason' in result ? result.reason : 'unavailable'
    },
  }
  const resolved = resolveOptions({
    issuer: ISSUER,
    authorizedParties: 'any',
    machineId: MACHINE,
    accept: { m2m: 'jwt', oauth: 'jwt' },
    now: () => harness.now,
    ...options,
  })
  const keys = createKeySource(resolved, createObserver(resolved.now))
  const verifier = createMachineVerifier(resolved, keys, SILENT)
  return harness
}
