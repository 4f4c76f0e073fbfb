// `npx --yes pnpm@12 test:node 22 [package…]`: the test suites of the published packages (all, or those named, `clerk-core`) on another
// version of Node, which comes from the npm registry. The packages are built by the Node that runs this.
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { ROOT } from '../services/ports.js'
import { installNode } from './install.js'

const [version, ...named] = process.argv.slice(2)
if (version === undefined) {
  console.error(
    'Usage: npx --yes pnpm@12 test:node <version> [package…], for instance: npx --yes pnpm@12 test:node 26 clerk-core',
  )
  process.exit(2)
}

const packages = readdirSync(join(ROOT, 'packages'))
const unknown = named.filter((name) => !packages.includes(name))
if (unknown.length > 0) {
  console.error(`There is no package ${unknown.join(', ')}. Packages: ${packages.join(', ')}`)
  process.exit(2)
}

const env = {
  ...process.env,
  PATH: `${await installNode(version)}${delimiter}${process.env.PATH}`,
  TEST_NODE: version,
}
const execute = (
  command: string,
  args: string[],
  cwd: string,
  environment: NodeJS.ProcessEnv = process.env,
) => spawnSync(command, args, { cwd, env: environment, stdio: 'inherit' }).status === 0

const suites = named.length > 0 ? named : packages
const build = [
  'exec',
  'turbo',
  'run',
  'build',
  '--output-logs=errors-only',
  ...suites.map((name) => `--filter=@acme/${name}`),
]
if (!execute('pnpm', build, ROOT)) process.exit(1)
execute('node', ['--version'], ROOT, env)
const failed = suites.filter((name) => {
  console.log(`\n${name} on Node ${version}`)
  const folder = join(ROOT, 'packages', name)
  return !execute('node', [join(folder, 'node_modules', 'vitest', 'vitest.mjs'), 'run'], folder, env)
})
if (failed.length > 0) {
  console.error(`\nFailed on Node ${version}: ${failed.join(', ')}`)
  process.exit(1)
}
