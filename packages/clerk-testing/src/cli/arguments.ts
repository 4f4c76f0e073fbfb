import { readFileSync } from 'node:fs'
import { type ParseArgsConfig, parseArgs, parseEnv } from 'node:util'

/** Something the user can put right; its message is all that is printed. */
export class CliError extends Error {
  override readonly name = 'CliError'
}

type Options = NonNullable<ParseArgsConfig['options']>

/** @throws {CliError} for an option that does not exist or has no value */
export function readArguments<T extends Options>(
  args: string[],
  options: T,
): ReturnType<typeof parseArgs<{ args: string[]; options: T; allowPositionals: true; strict: true }>> {
  try {
    return parseArgs({ args, options, allowPositionals: true, strict: true })
  } catch (error) {
    throw new CliError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

/** Which running server `token` and `event` speak to. */
export const serverOptions = { url: { type: 'string' }, 'secret-key': { type: 'string' } } as const

/** `.env` of this folder, into which people paste what the server has printed; nothing where there is none. */
function dotenv(): NodeJS.Dict<string> {
  try {
    return parseEnv(readFileSync('.env', 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw new CliError(`.env cannot be read: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    })
  }
}

/** @throws {CliError} without a secret key, when the server cannot be reached, or with its own message */
export async function call(
  values: { url?: string | undefined; 'secret-key'?: string | undefined },
  path: string,
  body: object,
): Promise<Record<string, unknown>> {
  // The environment comes first, and never half of it: a key of one server is refused by another.
  const env = process.env.CLERK_SECRET_KEY ? process.env : { ...dotenv(), ...process.env }
  const url = values.url ?? env.CLERK_API_URL ?? 'http://127.0.0.1:4400'
  const secretKey = values['secret-key'] ?? env.CLERK_SECRET_KEY
  if (!secretKey)
    throw new CliError(
      'Which server? Write what clerk-offline printed into .env here or into the environment, or give --secret-key.',
    )
  let answer: Response
  try {
    answer = await fetch(`${url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${secretKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  } catch (error) {
    throw new CliError(`There is no offline Clerk at ${url}. Start it with clerk-offline, or give --url.`, {
      cause: error,
    })
  }
  const json = (await answer.json()) as { errors?: { long_message?: string }[] }
  if (!answer.ok)
    throw new CliError(json.errors?.[0]?.long_message ?? `The server answered ${answer.status}.`)
  return json as Record<string, unknown>
}
