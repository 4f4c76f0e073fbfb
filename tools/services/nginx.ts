import { aptAllowed, aptInstall } from './apt.js'
import { exists, findProgram } from './processes.js'

const find = () => findProgram(['nginx'], ['/usr/sbin', '/usr/local/bin', '/opt/homebrew/bin'])

export const NGINX_REMEDY = 'install nginx, or set NGINX_PATH'

/** Path of an nginx. `null`: there is none and none may be installed. */
export async function findNginx(): Promise<string | null> {
  const given = process.env.NGINX_PATH
  if (given) {
    if (await exists(given)) return given
    throw new Error(`NGINX_PATH names ${given}, which cannot be run`)
  }
  const found = await find()
  if (found !== null || !(await aptAllowed())) return found
  await aptInstall('nginx-light')
  return find()
}
