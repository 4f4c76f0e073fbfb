/** The Clerk instance whose cookies are looked for. */
export interface CookieInstance {
  /** Of the publishable key: `__session_<suffix>`. */
  readonly suffix: string
  /** The `iss` of its tokens. */
  readonly issuer: string
  /** `pk_live_…` */
  readonly production: boolean
}

/** Clerk's two cookies of one set, as they were sent; `undefined` where absent. */
export interface CookieSet {
  readonly session: string | undefined
  readonly clientUat: string | undefined
}

/**
 * Which of two sets of cookies counts: the suffixed one of this instance (`true`), or the plain one, which any instance
 * on the host writes. The rule is that of `usesSuffixedCookies` of `@clerk/backend`, step for step, so that a browser is
 * signed in here and there alike. It reads claims that are not verified yet: a forged cookie can make a browser signed
 * out, as any broken cookie can, and never signed in.
 */
export function usesSuffixedCookies(
  suffixed: CookieSet,
  plain: CookieSet,
  { issuer, production }: Omit<CookieInstance, 'suffix'>,
  nowSeconds: number,
): boolean {
  const plainClaims = claimsOf(plain.session)
  if (plain.session) {
    // Not Clerk's, so that it says nothing about instances.
    if (!plainClaims?.['iss']) return false
    if (hostOf(plainClaims['iss']) !== hostOf(issuer)) return true
  }
  // A front end of before suffixed names.
  if (!suffixed.clientUat && !suffixed.session) return false
  const suffixedClaims = claimsOf(suffixed.session)
  const signedOut = { suffixed: suffixed.clientUat === '0', plain: plain.clientUat === '0' }
  // Two front ends of one instance on this host, the older of which has been used since.
  if (!signedOut.suffixed && !signedOut.plain && issuedAt(plainClaims) > issuedAt(suffixedClaims))
    return false
  if (signedOut.suffixed && !signedOut.plain) return false
  const expired = suffixedClaims !== null && Number(suffixedClaims['exp']) <= nowSeconds
  if (!production && !signedOut.suffixed && signedOut.plain && expired) return false
  return Boolean(suffixed.clientUat) || !suffixed.session
}

/** Unverified; `null` for what is not a token. */
function claimsOf(token: string | undefined): Readonly<Record<string, unknown>> | null {
  const parts = token?.split('.') ?? []
  if (parts.length !== 3) return null
  try {
    const [, payload] = parts
      .slice(0, 2)
      .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString('utf8')))
    return typeof payload === 'object' && payload !== null ? payload : null
  } catch {
    return null
  }
}

function issuedAt(claims: Readonly<Record<string, unknown>> | null): number {
  return Number(claims?.['iat'] ?? 0) || 0
}

function hostOf(issuer: unknown): string | null {
  return typeof issuer === 'string' ? issuer.replace(/https?:\/\//gi, '') : null
}
