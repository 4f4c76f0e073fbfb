import type { Credentials } from '../../domain/credentials/credentials.js'

/**
 * Whether a field of the credentials can change what a session token as bearer is answered. Of every field: a new one does
 * not compile until it has its line here.
 */
export const DECIDES_BESIDE_A_TOKEN: Readonly<Record<keyof Credentials, boolean>> = {
  authorization: false,
  // What is ready names the organisation that it was made for.
  organization: false,
  // The Origin rule and the excuses for a missing `azp` are about cookies.
  method: false,
  origin: false,
  fetchSite: false,
  fetchDest: false,
  upgrade: false,
  // For limits of machine credentials alone.
  clientAddress: false,
  apiKey: true,
  cookie: true,
  session: true,
  localUser: true,
}

const DECIDING = (Object.keys(DECIDES_BESIDE_A_TOKEN) as (keyof Credentials)[]).filter(
  (field) => DECIDES_BESIDE_A_TOKEN[field],
)

const BEARER = 'Bearer '
const SPACE = 0x20
const DELETE = 0x7f

/**
 * The token of a request that carries a session token as bearer, as every client writes it, and nothing else that could
 * decide. `null`: it has to be read with more care.
 */
export function lonelyToken(credentials: Credentials): string | null {
  const { authorization } = credentials
  if (typeof authorization !== 'string' || !authorization.startsWith('Bearer ey')) return null
  for (const field of DECIDING) if ((credentials[field] ?? null) !== null) return null
  // White space at the end, of any kind, is no part of it.
  const last = authorization.charCodeAt(authorization.length - 1)
  return last > SPACE && last < DELETE ? authorization.slice(BEARER.length) : null
}
