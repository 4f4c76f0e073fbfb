import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { CliError } from '../cli-error.js'
import { command } from '../command.js'

export const offline = command({
  path: 'offline',
  summary: 'Starts Clerk on this machine, without an account: what clerk-offline does.',
  args: '[argument...]',
  options: {},
  passThrough: true,
  notes: [
    'Needs @acme/clerk-testing in the project. Every argument is handed on: `acme-clerk offline help` tells them.',
    'Ctrl-C ends it.',
  ],
  examples: [
    'acme-clerk offline --webhook-url http://localhost:3000/clerk/webhook',
    'acme-clerk offline token --user ada',
  ],
  async run({ args, cwd, signal }) {
    const manifest = manifestOf(cwd)
    const { bin } = JSON.parse(readFileSync(manifest, 'utf8')) as { bin: Record<string, string> }
    const script = join(dirname(manifest), bin['clerk-offline'] ?? '')
    process.argv = [process.execPath, script, ...args]
    await import(pathToFileURL(script).href)
    // It ends by itself, or by the signal, which it hears as well.
    await new Promise<void>((resolve) => {
      process.once('beforeExit', resolve)
      signal.addEventListener('abort', () => {}, { once: true })
    })
    return process.exitCode === undefined || process.exitCode === 0 ? 'done' : 'incomplete'
  },
})

function manifestOf(cwd: string): string {
  try {
    return createRequire(join(cwd, 'package.json')).resolve('@acme/clerk-testing/package.json')
  } catch (error) {
    throw new CliError(
      'The offline Clerk is not installed here.',
      'Install it: npm install --save-dev @acme/clerk-testing',
      { cause: error },
    )
  }
}
