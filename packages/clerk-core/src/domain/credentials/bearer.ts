/** Without a scheme only what looks like a token: a JWT, or an opaque machine credential of Clerk's. */
const BARE_TOKEN = /^(?:[\w-]+\.[\w-]+\.[\w-]+|(?:ak|mt|oat)_[\w-]+)$/

/**
 * The token of an `Authorization` header, `null` when its scheme is another one or nothing follows. The scheme is
 * case-insensitive (RFC 9110 §11.1); a token without a scheme counts too, as with Clerk's own libraries. What is returned
 * is as it was sent: whether it is a token is decided elsewhere.
 */
export function bearerOf(authorization: string | undefined): string | null {
  if (authorization === undefined || authorization.length < 7) return null
  if (authorization.startsWith('Bearer ') || /^bearer[ \t]/i.test(authorization)) {
    return authorization.slice(7).trim() || null
  }
  return BARE_TOKEN.test(authorization) ? authorization : null
}
