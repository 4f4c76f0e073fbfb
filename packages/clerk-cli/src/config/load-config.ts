import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { CliError } from '../cli-error.js'
import type { CliConfig } from './define-config.js'

const NAMES = ['ts', 'mts', 'js', 'mjs'].map((ending) => `acme-clerk.config.${ending}`)
const EXAMPLE = 'export default defineConfig({ clerk: () => clerk })'

/**
 * Left to Node, as in the application. For the `import()` in it jiti would have Babel turn over all of Prisma's runtime: that takes
 * 100 MB and a second, and the copy is broken, so that a duplicate becomes a TypeError while Prisma describes it.
 */
export const NATIVE = ['@prisma/client', '.prisma']

/**
 * Reads `.env` where there is one; a variable that is set already stays.
 *
 * @throws {CliError} for a file that was named and is not there
 */
export function loadEnv(cwd: string, named: string | undefined): void {
  const file = resolve(cwd, named ?? '.env')
  if (existsSync(file)) process.loadEnvFile(file)
  else if (named !== undefined)
    throw new CliError(`There is no file ${named}.`, 'Name another one with --env-file.')
}

/**
 * The default export of `acme-clerk.config.ts`. TypeScript of any kind is taken, with the aliases of `tsconfig.json`.
 *
 * @throws {CliError} when there is none, or what it exports is no configuration; what the module itself throws
 */
export async function loadConfig(cwd: string, named: string | undefined): Promise<CliConfig> {
  const file = configFile(cwd, named)
  const url = pathToFileURL(file).href
  const { createJiti } = await import('jiti')
  const jiti = createJiti(url, { tsconfigPaths: true, interopDefault: false, nativeModules: NATIVE })
  const { default: config } = await jiti.import<{ default?: unknown }>(url)
  if (!isConfig(config))
    throw new CliError(`The default export of ${file} is no configuration.`, `Write: ${EXAMPLE}`)
  return config
}

function configFile(cwd: string, named: string | undefined): string {
  if (named !== undefined) {
    const file = resolve(cwd, named)
    if (existsSync(file)) return file
    throw new CliError(`There is no file ${named}.`, 'Name another one with --config.')
  }
  const found = NAMES.map((name) => join(cwd, name)).find((file) => existsSync(file))
  if (found !== undefined) return found
  throw new CliError(
    'There is no acme-clerk.config.ts here.',
    'Change to the folder of the project, name a file with --config, or make one with `acme-clerk init`.',
  )
}

const isConfig = (value: unknown): value is CliConfig =>
  typeof value === 'object' && value !== null && 'clerk' in value && typeof value.clerk === 'function'
