/**
 * The secret that the framework's session is signed with. There is no default: a secret that stands in the source, or in a
 * guide, lets any client write itself a session as any user.
 *
 * @throws {Error} where it is missing or shorter than 32 characters
 */
export function sessionSecret(env: Readonly<Record<string, string | undefined>>): string {
  const secret = env['SESSION_SECRET'] ?? ''
  if (secret.length >= 32) return secret
  throw new Error('SESSION_SECRET is missing or short: set it to 32 random bytes, `openssl rand -hex 32`.')
}
