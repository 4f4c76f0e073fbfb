import type { ResolvedOptions } from '../../ground/options/resolved.js'

/** Minutes since the first and the second factor were verified, −1 for never. */
export type FactorAges = readonly [number, number]

/** The `fva` claim; `null` where it is absent or malformed, so that no factor counts as verified. */
export function readFactorAges(fva: unknown): FactorAges | null {
  return Array.isArray(fva) && fva.length === 2 && fva.every(Number.isSafeInteger) ? [fva[0], fva[1]] : null
}

/**
 * The ages now. Always counted from the token that stated them and never rounded, so that asking again and again does not
 * keep a factor young. −1 does not age.
 *
 * @param tokenAt `iat` of that token, seconds
 */
export function agedFactors(ages: FactorAges | null, tokenAt: number, nowSeconds: number): FactorAges | null {
  if (ages === null) return null
  const minutes = Math.max(0, nowSeconds - tokenAt) / 60
  const [first, second] = ages
  return [first < 0 ? first : first + minutes, second < 0 ? second : second + minutes]
}

/** A session token of ordinary length, as Clerk's script fetches it. */
const ORDINARY_TOKEN_SECONDS = 60

/**
 * How long after its `iat` a token's plan, features and kept claims count, whatever its `exp`: window and grace, as for a
 * session record. Where both are shorter than an ordinary token, an ordinary token still counts for as long as it is
 * accepted.
 */
export function entitlementSeconds({
  session: { revalidateAfterSeconds, graceSeconds },
  clockToleranceSeconds,
}: Pick<ResolvedOptions, 'clockToleranceSeconds'> & {
  readonly session: Pick<ResolvedOptions['session'], 'revalidateAfterSeconds' | 'graceSeconds'>
}): number {
  return Math.max(revalidateAfterSeconds + graceSeconds, ORDINARY_TOKEN_SECONDS + clockToleranceSeconds)
}
