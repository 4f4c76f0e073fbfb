import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import { extname } from 'node:path'
import type { ActivityLog, Click } from './activity.js'
import { PROBE_HEADER } from './application.js'
import { readSource } from './sources.js'

/** What the panel shows beside the activity. Sent whole, whenever it may have changed. */
export interface DemoState {
  readonly mode: 'offline' | 'real'
  readonly [field: string]: unknown
}

export interface Stage {
  readonly state: () => Promise<DemoState>
  /** `null`: no such action; a string: why not now. Absent with the real Clerk. */
  readonly act?: (name: string, person: string, click: Click | null) => Promise<unknown>
}

const ASSETS: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
}
const VIEWER_COOKIE = 'demo_viewer'
const SOURCE = '/demo/source/'
const CLICK_HEADER = 'x-demo-click'
const MAX_LABEL = 100

/**
 * Puts the demo around an example's server: `/demo/…` is answered here, everything else by the application, with an eye
 * on what its `clerk` does meanwhile. The application knows nothing of it.
 */
export function stageAround(server: Server, log: ActivityLog, stage: Stage): { changed(): Promise<void> } {
  const [application] = server.listeners('request') as RequestListener[]
  if (application === undefined) throw new Error('The example’s server answers no requests.')
  const screens = new Set<ServerResponse>()

  server.removeAllListeners('request')
  server.on('request', (req: IncomingMessage, res: ServerResponse) => {
    // DNS rebinding: another site's name that leads here must not read what is here.
    if (!isLoopback(req.headers.host))
      return answer(res, 421, { error: 'This demo answers to localhost only.' })
    const path = pathOf(req)
    if (path.startsWith('/demo/')) {
      demo(req, res, path).catch((error: unknown) => {
        console.error(error)
        if (!res.headersSent) answer(res, 500, { error: 'The demo failed; the terminal says why.' })
      })
      return
    }
    const from = sender(req, path)
    const origin = {
      viewer: viewerOf(req, res, path),
      click: clickOf(req),
      isCausedByAction: from !== 'page',
      mayProve: from === 'webhook' || req.headers[PROBE_HEADER] === 'proof',
    }
    const startedAt = performance.now()
    const { finish } = log.watch(origin, () => application(req, res))
    res.once('close', () =>
      finish({
        method: req.method ?? 'GET',
        path,
        status: res.statusCode,
        durationMs: Math.round((performance.now() - startedAt) * 10) / 10,
        from,
      }),
    )
  })

  async function demo(req: IncomingMessage, res: ServerResponse, path: string): Promise<void> {
    if (path === '/demo/events' && req.method === 'GET') return show(req, res)
    const action = /^\/demo\/act\/([\w-]+)$/.exec(path)?.[1]
    if (action !== undefined && req.method === 'POST') return act(req, res, action)
    if (path.startsWith(SOURCE) && req.method === 'GET')
      return source(res, await readSource(path.slice(SOURCE.length)))
    const asset = /^\/demo\/(\w+\.(?:js|css))$/.exec(path)?.[1]
    if (asset === undefined || req.method !== 'GET') return answer(res, 404, { error: 'Not found' })
    const body = await readFile(new URL(`../public/${asset}`, import.meta.url)).catch(() => null)
    if (body === null) return answer(res, 404, { error: 'Not found' })
    res
      .writeHead(200, { 'Content-Type': ASSETS[extname(asset)] ?? '', 'X-Content-Type-Options': 'nosniff' })
      .end(body)
  }

  /** Server-sent events: the state, and every activity. */
  async function show(req: IncomingMessage, res: ServerResponse): Promise<void> {
    res.writeHead(200, {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-store',
      'X-Accel-Buffering': 'no',
    })
    const send = (event: string, data: unknown) =>
      res.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
    res.write('retry: 1000\n\n')
    send('state', await stage.state())
    const only = stage.act === undefined ? (cookieOf(req) ?? '') : null
    const stop = log.follow(only, (activity) => send('activity', activity))
    const beat = setInterval(() => res.write(':\n\n'), 15_000)
    screens.add(res)
    res.once('close', () => {
      clearInterval(beat)
      stop()
      screens.delete(res)
    })
  }

  async function act(req: IncomingMessage, res: ServerResponse, name: string): Promise<void> {
    if (stage.act === undefined)
      return answer(res, 404, { error: 'With the real Clerk, act in its dashboard.' })
    // CSRF: a page elsewhere can send a form here, but not with this type, and the browser says where it comes from.
    const { origin, host, 'sec-fetch-site': site } = req.headers
    const isOwn = site === undefined ? origin === `http://${host}` : site === 'same-origin'
    if (!isOwn || req.headers['content-type'] !== 'application/json')
      return answer(res, 403, { error: 'Only the demo’s own page may do this.' })
    const { person } = await readJson(req)
    const done = await stage.act(name, String(person), clickOf(req))
    if (done === null) return answer(res, 404, { error: 'There is no such action.' })
    if (typeof done === 'string') return answer(res, 409, { error: done })
    await changed()
    answer(res, 200, done)
  }

  async function changed(): Promise<void> {
    const data = JSON.stringify(await stage.state())
    for (const screen of screens) screen.write(`event: state\ndata: ${data}\n\n`)
  }

  /** With the real Clerk, people see their own requests only: a cookie tells whose they are. */
  function viewerOf(req: IncomingMessage, res: ServerResponse, path: string): string | null {
    if (stage.act !== undefined) return null
    const known = cookieOf(req)
    if (known !== null || path !== '/') return known
    const viewer = randomUUID()
    res.setHeader('Set-Cookie', `${VIEWER_COOKIE}=${viewer}; Path=/; HttpOnly; SameSite=Strict`)
    return viewer
  }

  return { changed }
}

const pathOf = (req: IncomingMessage) => (req.url ?? '/').split('?', 1)[0] ?? '/'

function sender(req: IncomingMessage, path: string): string {
  if (req.headers['svix-id'] !== undefined && path.endsWith('/webhook')) return 'webhook'
  if (req.headers[PROBE_HEADER] !== undefined) return 'probe'
  return req.headers['sec-fetch-site'] !== undefined || /Mozilla/.test(req.headers['user-agent'] ?? '')
    ? 'page'
    : 'program'
}

/** What the page says has caused its request. Its label is shown as text only. */
function clickOf(req: IncomingMessage): Click | null {
  const [, id, label] = /^([\w-]{1,64}) (\S{1,1000})$/.exec(String(req.headers[CLICK_HEADER] ?? '')) ?? []
  if (id === undefined || label === undefined) return null
  try {
    return { id, label: decodeURIComponent(label).slice(0, MAX_LABEL) }
  } catch {
    return null
  }
}

function isLoopback(host: string | undefined): boolean {
  return /^(?:localhost|127\.0\.0\.1)(?::\d+)?$/i.test(host ?? '')
}

function cookieOf(req: IncomingMessage): string | null {
  return (
    new RegExp(`(?:^|; )${VIEWER_COOKIE}=([0-9a-f-]{36})(?:;|$)`).exec(req.headers.cookie ?? '')?.[1] ?? null
  )
}

async function readJson(req: IncomingMessage): Promise<Record<string, unknown>> {
  let text = ''
  for await (const chunk of req) {
    text += chunk
    if (text.length > 10_000) break
  }
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

/** As text, whatever is in it. */
function source(res: ServerResponse, text: string | null): void {
  if (text === null) {
    answer(res, 404, { error: 'Not found' })
    return
  }
  res
    .writeHead(200, {
      'Content-Type': 'text/plain; charset=utf-8',
      'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
      'X-Content-Type-Options': 'nosniff',
    })
    .end(text)
}

function answer(res: ServerResponse, status: number, body: unknown): void {
  res
    .writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' })
    .end(JSON.stringify(body))
}
