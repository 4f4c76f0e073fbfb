import { CliError, call, readArguments, serverOptions } from './arguments.js'

/** `clerk-offline event`: has the server sign and send one event, and says what the endpoint answered. */
export async function event(args: string[]): Promise<void> {
  const { values, positionals } = readArguments(args, { ...serverOptions, data: { type: 'string' } })
  const [type, ...more] = positionals
  if (type === undefined || more.length > 0)
    throw new CliError('Which event? clerk-offline event user.updated')
  let data: unknown
  try {
    data = values.data === undefined ? undefined : JSON.parse(values.data)
  } catch (error) {
    throw new CliError('--data is not JSON.', { cause: error })
  }
  const { id, status, answer, why } = await call(values, '/_offline/event', { type, data })
  console.log(
    `${type} ${String(id)}: ${String(status)}${answer === null ? '' : `, answered ${String(answer)}`}`,
  )
  if (status === 'succeeded') return
  if (typeof why === 'string') console.error(`clerk-offline: ${why}`)
  process.exitCode = 1
}
