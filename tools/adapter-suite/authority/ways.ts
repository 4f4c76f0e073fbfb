import { request } from '@acme/clerk-testing/adapters'
import type { Backend } from './binding.js'
import { type Connection, connectSocket, openEvents, type RequestHeaders } from './client.js'
import {
  API_KEY,
  type Credential,
  MACHINE_CREDENTIALS,
  ORGANIZATION_KEY,
  SESSION_TOKEN,
} from './credentials.js'
import { ALLOWED, type Answer, answerOf, type GuardName } from './guards.js'
import { PAGE } from './policies.js'

/** A way to ask: what a request brings, and what it travels on. */
export interface Way {
  readonly name: string
  readonly credential: Credential
  readonly entry: Entry
  readonly transport: Transport
}

/** Who comes. Read anew for each request: a person may have signed in again. */
export interface Visitor {
  readonly secret: string
  /** `__client_uat`, seconds; `null` where the browser sends none. */
  readonly clientUat: number | null
  /** How the browser that starts a session brings its token. */
  readonly signsInBy: 'cookie' | 'bearer'
}

export interface Entry {
  readonly name: string
  /** Brings Clerk's cookie, under which a token without `azp` counts only for a navigation. */
  readonly cookie: boolean
  enter(visitor: Visitor, backend: Backend): Promise<Presence>
}

export interface Presence {
  /** @param page the origin of the page that asks, where the browser says so */
  headers(page: string): RequestHeaders
  /** Keeps the cookies of a response. */
  absorb(setCookie: readonly string[]): void
  /** The page has fetched a new token, and the browser comes with it once. */
  renew(): Promise<void>
}

export interface Transport {
  readonly name: string
  /** Whether it is one connection, which has to be closed, or asks anew each time. */
  readonly lasts: boolean
  open(backend: Backend, presence: Presence): Client
}

export interface Client {
  /** @param due a fresh request is refused by now: a connection is given the time to be closed */
  ask(guard: GuardName, due: boolean): Promise<Answer>
  end(): void
}

/** How long a connection may stay open after its right has ended. Only a failing cell waits that long. */
const DEADLINE_MS = 20_000

export const BEARER: Entry = {
  name: 'bearer',
  cookie: false,
  enter: async (visitor) => ({
    headers: () => ({ authorization: `Bearer ${visitor.secret}` }),
    absorb: () => undefined,
    renew: async () => undefined,
  }),
}

/** Clerk's cookie in a browser that keeps nothing of the application's. */
export const COOKIE: Entry = {
  name: 'cookie token',
  cookie: true,
  enter: async (visitor) => ({
    headers: (page) => cookies(visitor, page, [`__session=${visitor.secret}`]),
    absorb: () => undefined,
    renew: async () => undefined,
  }),
}

/** The application's own session, in a browser that has Clerk's cookie no more. */
export const SESSION: Entry = { name: 'session record', cookie: false, enter: (...at) => startSession(...at) }

export const COOKIE_AND_SESSION: Entry = {
  name: 'cookie and session',
  cookie: true,
  async enter(visitor, backend) {
    const session = await startSession(visitor, backend)
    const headers = (page: string) => {
      const jar = session.headers(page)['cookie']
      return { origin: page, cookie: `__session=${visitor.secret}; ${jar}` }
    }
    return { ...session, headers }
  },
}

async function startSession(visitor: Visitor, { app }: Backend): Promise<Presence> {
  const jar = new Map<string, string>()
  const url = `${app.origin}${app.visit ?? '/g/user'}`
  const kept = () => [...jar].map(([name, value]) => `${name}=${value}`)
  const absorb = (setCookie: readonly string[]) => {
    for (const line of setCookie) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (name !== undefined && value !== undefined) jar.set(name, value)
    }
  }
  const visit = async () => {
    const byBearer = visitor.signsInBy === 'bearer'
    // Only a browser that keeps cookies is remembered.
    const sent = byBearer ? ['theme=dark'] : [`__session=${visitor.secret}`]
    const headers = {
      ...cookies(visitor, PAGE, [...sent, ...kept()]),
      ...(byBearer ? { authorization: `Bearer ${visitor.secret}` } : {}),
    }
    const response = await request(url, { headers })
    absorb(response.headers['set-cookie'] ?? [])
    return response
  }
  const { status, text } = await visit()
  if (status !== 200) throw new Error(`Signing in was answered ${status}: ${text}`)
  return {
    headers: (page) => cookies(visitor, page, kept()),
    absorb,
    renew: async () => void (await visit()),
  }
}

function cookies({ clientUat }: Visitor, page: string, list: readonly string[]): RequestHeaders {
  const all = clientUat === null ? list : [...list, `__client_uat=${clientUat}`]
  return { origin: page, cookie: all.join('; ') }
}

/** One request for each question. */
export function requests(
  name: string,
  path: (guard: GuardName) => string,
  read: (status: number, body: string) => Answer = answerOf,
): Transport {
  return {
    name,
    lasts: false,
    open: ({ app, page }, presence) => ({
      async ask(guard) {
        const response = await request(`${app.origin}${path(guard)}`, { headers: presence.headers(page) })
        presence.absorb(response.headers['set-cookie'] ?? [])
        return read(response.status, response.text)
      },
      end: () => undefined,
    }),
  }
}

/** A connection for each guard, opened with the first question. */
export function connections(
  name: string,
  connect: (backend: Backend, presence: Presence, guard: GuardName) => Promise<Connection | Answer>,
): Transport {
  return {
    name,
    lasts: true,
    open(backend, presence) {
      const open = new Map<GuardName, Connection>()
      return {
        async ask(guard, due) {
          const connection = open.get(guard) ?? (await connect(backend, presence, guard))
          if (typeof connection === 'string') return connection
          open.set(guard, connection)
          if (due) return withinDeadline(connection.closed)
          return Promise.race([connection.closed, connection.alive().then(() => ALLOWED)])
        },
        end: () => {
          for (const connection of open.values()) connection.end()
        },
      }
    },
  }
}

/** What came, or that nothing did. */
export async function withinDeadline(event: Promise<Answer>): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined
  const deadline = new Promise<Answer>((resolve) => {
    timer = setTimeout(() => resolve(ALLOWED), DEADLINE_MS)
  })
  try {
    return await Promise.race([event, deadline])
  } finally {
    clearTimeout(timer)
  }
}

export function way(credential: Credential, entry: Entry, transport: Transport): Way {
  const who = credential === SESSION_TOKEN ? entry.name : credential.name
  return { name: `${who}, ${transport.name}`, credential, entry, transport }
}

const HTTP = requests('request', (guard) => `/g/${guard}`)
const SOCKET = connections('WebSocket', ({ app, page }, presence, guard) =>
  connectSocket(`${app.origin}/ws/${guard}`, presence.headers(page)),
)
const EVENTS = connections('event stream', ({ app, bus, page }, presence, guard) =>
  openEvents(`${app.origin}/events/${guard}`, presence.headers(page), () => bus.emit('tick')),
)

/** The ways into an application of an HTTP framework. */
export const FRAMEWORK_WAYS: readonly Way[] = [
  ...[BEARER, COOKIE, SESSION].map((entry) => way(SESSION_TOKEN, entry, HTTP)),
  ...MACHINE_CREDENTIALS.map((credential) => way(credential, BEARER, HTTP)),
  ...[BEARER, SESSION, COOKIE_AND_SESSION].map((entry) => way(SESSION_TOKEN, entry, SOCKET)),
  ...[API_KEY, ORGANIZATION_KEY].map((credential) => way(credential, BEARER, SOCKET)),
  ...[BEARER, SESSION].map((entry) => way(SESSION_TOKEN, entry, EVENTS)),
  way(API_KEY, BEARER, EVENTS),
]
