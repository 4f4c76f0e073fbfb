import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { runServerSnippet } from '@acme/adapter-suite'
import type { SessionJSON } from '@acme/clerk-testing'
import { request } from '@acme/clerk-testing/adapters'
import { readSnippet } from '@acme/tools/snippets'
import { build, createServer, type ViteDevServer } from 'vite'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'

const guide = new URL('../../../docs/frontend.md', import.meta.url)
const cwd = new URL('..', import.meta.url)
const TIMEOUT = { timeout: 60_000 }
const code = async (title: string) => (await readSnippet(guide, title)).code

/** A folder below this package, so that imports are found, with these files of the guide and others. */
async function folderWith(
  titles: readonly string[],
  files: Readonly<Record<string, string>> = {},
): Promise<string> {
  const root = fileURLToPath(new URL('.snippets/', cwd))
  await mkdir(root, { recursive: true })
  const folder = await mkdtemp(join(root, 'frontend-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  for (const title of titles) await writeFile(join(folder, title), await code(title))
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content)
  return folder
}

test('the React page of the guide is bundled, with names that its packages have', TIMEOUT, async () => {
  const html = '<!doctype html><div id="root"></div><script type="module" src="/main.tsx"></script>'
  const folder = await folderWith(['main.tsx', 'app.tsx', 'api.ts', 'vite.config.ts'], {
    'index.html': html,
    'tsconfig.json': '{ "compilerOptions": { "jsx": "react-jsx" } }',
    '.env': 'VITE_CLERK_PUBLISHABLE_KEY=pk_test_of_the_page\nCLERK_SECRET_KEY=sk_test_of_the_backend\n',
  })
  const result = await build({ root: folder, logLevel: 'warn', build: { write: false, minify: false } })
  const [output] = [result].flat()
  if (output === undefined || !('output' in output)) throw new Error('Vite has built nothing')
  const text = output.output.map((file) => (file.type === 'chunk' ? file.code : '')).join('')
  expect(text).toContain('pk_test_of_the_page')
  expect(text).not.toContain('sk_test_of_the_backend')
  expect(text).toContain('/api/hello')
})

interface Development {
  /** Of the page: Vite's. */
  readonly page: string
  readonly app: Awaited<ReturnType<typeof runServerSnippet>>
  /** A page's `getToken`, asked of Clerk from an origin. */
  tokenOf(azp: string): () => Promise<string>
  readonly session: SessionJSON
  readonly counts: { tokens: number }
}

/** The server of the guide behind the development server that the guide configures, on ports that are free. */
async function development(): Promise<Development> {
  const folder = await folderWith(['vite.config.ts'], { 'index.html': '<!doctype html><title>page</title>' })
  const reserved = await freeVite(folder)
  const page = `http://localhost:${reserved.port}`
  await reserved.close()
  const app = await runServerSnippet(guide, 'server.ts', cwd, { CLERK_AUTHORIZED_PARTIES: page })
  const config = (await code('vite.config.ts'))
    .replace('http://127.0.0.1:3000', app.origin.replace('localhost', '127.0.0.1'))
    .replace('port: 5173', `port: ${reserved.port}`)
  await writeFile(join(folder, 'vite.config.ts'), config)
  const vite = await createServer({
    root: folder,
    configFile: join(folder, 'vite.config.ts'),
    logLevel: 'silent',
    server: { host: '127.0.0.1' },
  })
  await vite.listen()
  onTestFinished(() => vite.close())
  const counts = { tokens: 0 }
  const { id } = app.offline.createUser({ firstName: 'Ada' })
  const session = app.offline.createSession(id)
  return {
    page,
    app,
    session,
    counts,
    tokenOf: (azp) => async () => {
      counts.tokens += 1
      return app.offline.token(session, { azp })
    },
  }
}

async function freeVite(root: string): Promise<{ port: number; close(): Promise<void> }> {
  const vite: ViteDevServer = await createServer({
    root,
    configFile: false,
    logLevel: 'silent',
    server: { host: '127.0.0.1', port: 0 },
  })
  await vite.listen()
  const address = vite.httpServer?.address()
  if (typeof address !== 'object' || address === null) throw new Error('Vite does not listen')
  return { port: address.port, close: () => vite.close() }
}

test(
  'through the proxy of Vite a page is signed in by bearer and by cookie, and has one origin',
  TIMEOUT,
  async () => {
    const { page, tokenOf, counts, app } = await development()
    const folder = await folderWith(['api.ts'])
    const { createApi } = await import(pathToFileURL(join(folder, 'api.ts')).href)

    const answer: Response = await createApi(tokenOf(page), page)('/api/hello')
    expect([answer.status, await answer.text(), counts.tokens]).toEqual([200, 'hello Ada', 1])
    // The port of the backend is not the origin of the page. The guide's client asks once more, with a new token.
    const other: Response = await createApi(tokenOf(app.origin), page)('/api/hello')
    expect([other.status, counts.tokens]).toEqual([401, 3])

    const cookie = `__session=${await tokenOf(page)()}`
    const send = (path: string, method: string, headers: Record<string, string>) =>
      request(`${page}${path}`, { method, headers: { cookie, ...headers } })
    expect((await send('/api/hello', 'GET', {})).status).toBe(200)
    expect((await send('/clerk/sign-out', 'POST', { origin: 'https://evil.example' })).status).toBe(403)
    // Where the backend sends people to sign in, they come back to the page.
    const { headers } = await send('/clerk/sign-in', 'GET', {})
    expect(new URL(headers.location ?? '').searchParams.get('redirect_url')).toMatch(`${page}/clerk/callback`)
    expect((await send('/clerk/sign-out', 'POST', { origin: page })).status).toBeLessThan(400)
  },
)

test(
  'a WebSocket of the page is signed in by a subprotocol or a cookie, and comes back',
  TIMEOUT,
  async () => {
    const { page, tokenOf, app, session } = await development()
    const folder = await folderWith(['socket.ts'])
    const { connect } = await import(pathToFileURL(join(folder, 'socket.ts')).href)
    const live = `${page.replace('http', 'ws')}/live`

    // Node 20 has no WebSocket of its own; a browser's is what `ws` implements. A page sends its origin.
    const sockets: WebSocket[] = []
    class PageSocket extends WebSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols, { origin: page })
        sockets.push(this)
      }
    }
    const before = Object.getOwnPropertyDescriptor(globalThis, 'WebSocket')
    Object.defineProperty(globalThis, 'WebSocket', { value: PageSocket, configurable: true, writable: true })
    onTestFinished(() => {
      if (before) Object.defineProperty(globalThis, 'WebSocket', before)
      else Reflect.deleteProperty(globalThis, 'WebSocket')
    })

    let heard: (data: unknown) => void = () => undefined
    const next = () =>
      new Promise((resolve) => {
        heard = resolve
      })
    const first = next()
    const stop = connect(live, tokenOf(page), (data: unknown) => heard(data))
    onTestFinished(stop)
    expect(await first).toBe('connected')
    expect(sockets[0]?.protocol).toBe('live')
    const again = next()
    sockets[0]?.close()
    expect(await again).toBe('connected')
    expect(sockets).toHaveLength(2)
    app.offline.webhooks.sendTo(`${page}/clerk/webhook`)
    const closed = new Promise<number>((resolve) => sockets[1]?.on('close', resolve))
    app.offline.revokeSession(session)
    await app.offline.webhooks.settled()
    expect(await closed).toBe(4401)
    stop()

    // By cookie, at the page's own origin and from nowhere else.
    const another = app.offline.createSession(app.offline.createUser({ firstName: 'Eve' }))
    const cookie = `__session=${await app.offline.token(another, { azp: page })}`
    const opened = (origin: string) =>
      new Promise<string>((resolve) => {
        const socket = new WebSocket(live, ['live'], { origin, headers: { cookie } })
        socket.on('message', (data) => {
          resolve(String(data))
          socket.close()
        })
        socket.on('unexpected-response', (_, response) => resolve(String(response.statusCode)))
        socket.on('error', () => resolve('error'))
      })
    expect(await opened(page)).toBe('connected')
    expect(await opened('https://evil.example')).toBe('401')
  },
)
