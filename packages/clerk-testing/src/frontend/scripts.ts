import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { BackendError, notFound } from '../server/errors.js'
import type { Reply } from '../server/http.js'
import type { Call, Route } from '../server/route.js'

const packages = new Map([
  ['clerk-js', 'clerk.browser.js'],
  ['ui', 'ui.browser.js'],
])

/** Each folder above. */
function above(folder: string): string[] {
  const parent = dirname(folder)
  return parent === folder ? [folder] : [folder, ...above(parent)]
}

/** Where npm and its kin install: above the application, which is where this process runs, and above this package. */
const places = async () => [process.cwd(), await here()].flatMap(above)

/** In a file of its own: compiled to CommonJS, by Jest for instance, this one could not be loaded with an `import.meta`. */
async function here(): Promise<string> {
  return dirname(typeof __filename === 'string' ? __filename : fileURLToPath((await import('./here.js')).url))
}

async function installed(name: string): Promise<{ folder: string; version: string } | undefined> {
  for (const place of await places()) {
    const folder = join(place, 'node_modules', '@clerk', name)
    const found = await readFile(join(folder, 'package.json'), 'utf8').catch(() => undefined)
    if (found !== undefined) return { folder, version: String(JSON.parse(found).version) }
  }
  return undefined
}

/** `clerk-js@6`: the installed version answers for its own major version, and where none is asked for by number. */
async function script(call: Call): Promise<Reply> {
  const [name = '', wanted = ''] = call.param('package').split('@')
  const file = call.param('file')
  if (!packages.has(name) || !/^[\w-]+(\.[\w-]+)*\.js$/.test(file)) throw notFound('script')
  const found = await installed(name)
  if (!found)
    throw missing(`@clerk/${name} is not installed`, 'npm install --save-dev @clerk/clerk-js @clerk/ui')
  const major = /^\d+/.exec(wanted)?.[0]
  if (major !== undefined && major !== found.version.split('.')[0])
    throw missing(
      `@clerk/${name} ${found.version} is installed, the page asks for ${wanted}`,
      `npm install --save-dev @clerk/${name}@${major}`,
    )
  const text = await readFile(join(found.folder, 'dist', file), 'utf8').catch(() => {
    throw notFound('script')
  })
  return {
    headers: {
      'content-type': 'text/javascript; charset=utf-8',
      // A script of a page in another origin: read by it with `crossorigin`, without cookies.
      'access-control-allow-origin': '*',
      'cross-origin-resource-policy': 'cross-origin',
      // The name of a part holds the version.
      'cache-control': file.includes(`_${found.version}.`)
        ? 'public, max-age=31536000, immutable'
        : 'no-cache',
    },
    text,
  }
}

const missing = (what: string, command: string) =>
  new BackendError(404, 'script_not_installed', 'Script not installed', {
    longMessage: `${what}. The offline Clerk serves Clerk's scripts from disk: ${command}`,
  })

/** Clerk's own scripts, from the packages that the application has installed. Nothing is fetched. */
export const scriptRoutes: readonly Route[] = [
  { method: 'GET', path: '/npm/@clerk/:package/dist/:file', access: 'public', limit: 'none', handle: script },
]
