import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const linux = process.platform === 'linux'

/** Where the npm package of a runtime has its program, for this machine. No install script need have run. */
const PROGRAMS = {
  bun: ['bun', `@oven/bun-${process.platform}-${process.arch === 'arm64' ? 'aarch64' : 'x64'}`, 'bin/bun'],
  deno: ['deno', `@deno/${process.platform}-${process.arch}${linux ? '-glibc' : ''}`, 'deno'],
  workerd: [
    'workerd',
    `@cloudflare/workerd-${process.platform}-${process.arch === 'x64' ? '64' : process.arch}`,
    'bin/workerd',
  ],
} as const

/** Path of the program of a runtime other than Node. @throws where its package is not made for this machine */
export function programOf(runtime: keyof typeof PROGRAMS): string {
  const [name, platform, path] = PROGRAMS[runtime]
  const main = createRequire(import.meta.url).resolve(`${name}/package.json`)
  return join(dirname(createRequire(main).resolve(`${platform}/package.json`)), path)
}
