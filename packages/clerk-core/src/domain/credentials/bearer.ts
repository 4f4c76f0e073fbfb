/**
 * The token of an `Authorization` header, `null` when its scheme is not Bearer or nothing follows. The scheme is
 * case-insensitive (RFC 9110 §11.1). What follows is returned as it is: whether it is a token is decided elsewhere.
 */
export function bearerOf(authorization: string | undefined): string | null {
  if (authorization === undefined || authorization.length < 7) return null
  if (!authorization.startsWith('Bearer ') && !/^bearer /i.test(authorization)) return null
  const token = authorization.slice(7).trim()
  return token === '' ? null : token
}
