// `npx --yes pnpm@12 test:node 22 [package…]`: the test suites of the published packages (all, or those named, `clerk-core`) on another
// version of Node, which comes from the npm registry. The packages are built by the Node that runs this.
import { spawn, spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
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

const suites = named.length > 0 ? named : packages
const build = [
  'exec',
  'turbo',
  'run',
  'build',
  '--output-logs=errors-only',
  ...suites.map((name) => `--filter=@acme/${name}`),
]
if (spawnSync('pnpm', build, { cwd: ROOT, stdio: 'inherit' }).status !== 0) process.exit(1)
spawnSync('node', ['--version'], { env, stdio: 'inherit' })

/** Two packages at a time, as in `pnpm test`, or two files of the only one; each line names its package. */
const AT_A_TIME = 2
const workers = suites.length === 1 ? [`--maxWorkers=${AT_A_TIME}`] : []
const waiting = [...suites]
const failed: string[] = []
await Promise.all(
  Array.from({ length: AT_A_TIME }, async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      if (!(await passes(name))) failed.push(name)
    }
  }),
)
if (failed.length > 0) {
  console.error(`\nFailed on Node ${version}: ${failed.join(', ')}`)
  process.exit(1)
}

async function passes(name: string): Promise<boolean> {
  const cwd = join(ROOT, 'packages', name)
  const vitest = join(cwd, 'node_modules', 'vitest', 'vitest.mjs')
  const child = spawn('node', [vitest, 'run', ...workers], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => console.log(`@acme/${name}:test: ${line}`))
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code === 0))
  })
}
