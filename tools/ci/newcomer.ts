// What a newcomer does first, on a machine that knows nothing of this repository: a clone of HEAD, an empty HOME, npm told never
// to go on without being asked, no standard input and no terminal. `npx --yes pnpm@12 demo` has to install, build, and show a page
// on which a person can sign in.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { ROOT } from '../services/ports.js'

/** Ends what hangs; everything is downloaded and built meanwhile. */
const LIMIT_MS = 20 * 60_000
/** How long the demo has to end after SIGTERM. */
const STOP_MS = 30_000
/** Of this machine, and not of its user: how the network is reached. */
const MACHINE =
  /^(?:LANG|(?:https?|no)_proxy|NODE_EXTRA_CA_CERTS|SSL_CERT_(?:FILE|DIR)|npm_config_(?:registry|cafile)|TURBO_TELEMETRY_DISABLED)$/i

const folder = mkdtempSync(join(tmpdir(), 'acme-clerk-newcomer-'))
const clone = join(folder, 'clerk')
const home = join(folder, 'home')
let output = ''
let end = async () => {}
try {
  await Promise.race([firstSteps(), limit(), interrupted()])
} catch (error) {
  console.error(output)
  console.error(error)
  process.exitCode = 1
} finally {
  await end()
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
}
process.exit()

async function firstSteps(): Promise<void> {
  mkdirSync(home)
  // Over file: a checkout that has one commit can be cloned too.
  execFileSync('git', ['clone', '--quiet', '--depth', '1', pathToFileURL(ROOT).href, clone])
  const demo = spawn('npx', ['--yes', 'pnpm@12', 'demo', '--port', '0'], {
    cwd: clone,
    env: newcomersEnv(),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true, // a session of its own, without a terminal
  })
  const closed = new Promise((resolve) => demo.on('close', resolve))
  end = () => endGroup(demo, closed)
  const url = await ready(demo)
  await signIn(url)
  console.log(`A newcomer has signed in at ${url}.`)
}

/** Without what pnpm adds for the scripts of this workspace. */
function newcomersEnv(): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => MACHINE.test(name))
  const path = (process.env.PATH ?? '').split(delimiter).filter((part) => !part.includes('node_modules'))
  return {
    ...Object.fromEntries(inherited),
    PATH: [dirname(process.execPath), ...path].join(delimiter),
    HOME: home,
    npm_config_yes: 'false',
  }
}

/** The address of the line that a person waits for. */
function ready(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk: string) => {
        output += chunk
        const url = / is ready: (http:\S+)/.exec(output)?.[1]
        if (url !== undefined) resolve(url)
      })
    }
    child.on('error', reject)
    child.on('close', (code) => reject(new Error(`The demo ended with ${code} before it was ready.`)))
  })
}

async function limit(): Promise<never> {
  await sleep(LIMIT_MS)
  throw new Error(`A newcomer still waits after ${LIMIT_MS / 60_000} minutes.`)
}

function interrupted(): Promise<never> {
  return new Promise((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.once(signal, () => reject(new Error(signal)))
  })
}

/** What the tour of the README begins with, by hand: the page, the sign-in page of the offline Clerk, who am I. */
async function signIn(url: string): Promise<void> {
  const page = await get(url)
  if (page.status !== 200 || !(await page.text()).includes('</html>')) throw new Error(`${url} is no page.`)
  const visitor = await get(`${url}/me`)
  if (visitor.status !== 401) throw new Error(`A visitor gets ${visitor.status} of /me.`)

  const portal = new URL((await get(`${url}/sign-in`)).headers.get('location') ?? '', url)
  const form = new URLSearchParams({ identifier: 'maya@example.com', redirect_url: url })
  const signedIn = await get(portal.origin + portal.pathname, {
    method: 'POST',
    headers: { origin: portal.origin },
    body: form,
  })
  const cookie = signedIn.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ')
  const me = await get(`${url}/me`, { headers: { cookie } })
  const text = await me.text()
  if (me.status !== 200 || !text.includes('Maya')) throw new Error(`Maya gets ${me.status} of /me: ${text}`)
}

function get(url: string, init: RequestInit = {}): Promise<Response> {
  return fetch(url, { ...init, redirect: 'manual' })
}

/** All that the command has started, by their group. */
async function endGroup({ pid }: ChildProcess, closed: Promise<unknown>): Promise<void> {
  if (pid === undefined) return
  const signal = (name: NodeJS.Signals) => {
    try {
      process.kill(-pid, name)
    } catch {
      // None of them is left.
    }
  }
  signal('SIGTERM')
  const late = setTimeout(() => {
    console.error('The demo did not end when it was told to.')
    process.exitCode = 1
    signal('SIGKILL')
  }, STOP_MS)
  await closed
  clearTimeout(late)
}
