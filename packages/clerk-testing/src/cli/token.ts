import { CliError, call, readArguments, serverOptions } from './arguments.js'

/** `clerk-offline token`: prints a session token and nothing else, for `curl -H "Authorization: Bearer $(…)"`. */
export async function token(args: string[]): Promise<void> {
  const { values } = readArguments(args, {
    ...serverOptions,
    user: { type: 'string' },
    org: { type: 'string' },
    azp: { type: 'string' },
    ttl: { type: 'string' },
  })
  if (!values.user) throw new CliError('Whose token? Give --user with an id, e-mail address or username.')
  const ttl = values.ttl === undefined ? undefined : Number(values.ttl)
  if (ttl !== undefined && !(Number.isInteger(ttl) && ttl > 0))
    throw new CliError('--ttl is a number of seconds.')
  const { jwt } = await call(values, '/_offline/token', {
    user: values.user,
    organization: values.org,
    azp: values.azp,
    ttl_seconds: ttl,
  })
  console.log(jwt)
}
