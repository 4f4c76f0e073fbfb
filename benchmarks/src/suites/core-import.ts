import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Suite } from '../suite.js'

const MOST_MS = 120
/** What is loaded when it is needed, by `ready()` or the first use, and never by an import of core. */
const LAZY = ['svix', 'jose'] as const

/** Prints the milliseconds of the import in a new process, which has loaded nothing else. */
const script = (name: string) =>
  `const begun = performance.now(); await import('${name}'); console.log(performance.now() - begun)`

async function importMs(name: string): Promise<number> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '-e', script(name)],
    {
      cwd: import.meta.dirname,
    },
  )
  return Number(stdout)
}

/** A counter of modules instead of a clock: what a busy machine cannot change. */
async function loadsLazily(): Promise<boolean> {
  const names = JSON.stringify(LAZY)
  const hooks = `export async function resolve(specifier, context, next) {
    if (${names}.some((name) => specifier === name || specifier.startsWith(name + '/'))) console.log(specifier)
    return next(specifier, context)
  }`
  const register = `import { register } from 'node:module'
    register(${JSON.stringify(`data:text/javascript,${encodeURIComponent(hooks)}`)})
    await import('@acme/clerk-core')`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', register], {
    cwd: import.meta.dirname,
  })
  return stdout.trim() === ''
}

/** How long a new process waits for core before it can do anything. */
export const coreImport: Suite = {
  name: 'core-import',
  async run({ pick }) {
    const runs = pick(15, 2)
    const times: Record<string, number[]> = {}
    for (let run = 0; run < runs; run++) {
      for (const name of ['@acme/clerk-core', '@clerk/backend']) {
        times[name] = [...(times[name] ?? []), await importMs(name)]
      }
    }
    const median = (name: string) => [...(times[name] ?? [])].sort((a, b) => a - b)[runs >> 1] ?? Number.NaN
    const ours = median('@acme/clerk-core')
    const theirs = median('@clerk/backend')
    return [
      {
        what: 'importing core in a new process (median)',
        results: [
          { who: '@acme/clerk-core', value: ours, unit: 'ms' },
          { who: '@clerk/backend', value: theirs, unit: 'ms', oursIsBetterBy: theirs / ours },
        ],
        targets: [
          { text: `≤ ${MOST_MS} ms`, met: ours <= MOST_MS },
          { text: `${LAZY.join(' and ')} are not loaded by it`, met: await loadsLazily(), alsoInSmoke: true },
        ],
      },
    ]
  },
}
