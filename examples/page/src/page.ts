import { fileURLToPath } from 'node:url'
import { fromEnv } from '@acme/clerk-core'

type Env = Readonly<Record<string, string | undefined>>

/** What the page asks for first, at `/config.json`. */
export interface PageConfig {
  /** `express-prisma` */
  example: string
  /** In words: `Express · Prisma · SQLite`. */
  stack: string
  publishableKey: string | null
  /** Keeps the token fresh while the page is open; `null` where the application's session is enough. */
  clerkScript: string | null
  /** How notes are asked for. */
  api: 'rest' | 'trpc'
  /** Whether there is a local login for administrators, at `/admin.html`. */
  admin: boolean
}

/** Folder of the static files. */
export const pageFolder = fileURLToPath(new URL('../public/', import.meta.url))

export function pageConfig(
  env: Env,
  {
    example,
    stack,
    api = 'rest',
    admin = false,
    needsToken = false,
  }: Pick<PageConfig, 'example' | 'stack'> & Partial<PageConfig> & { needsToken?: boolean },
): PageConfig {
  const { publishableKey = null } = fromEnv(env)
  const frontend = frontendOf(publishableKey)
  return { example, stack, publishableKey, clerkScript: scriptOf(frontend, needsToken), api, admin }
}

/** An offline Clerk's sign-in page sets the cookie itself; with the real Clerk, only its script can. */
function scriptOf(frontend: string | null, needsToken: boolean): string | null {
  if (frontend === null) return null
  if (!isLoopback(frontend)) return `${frontend}/npm/@clerk/clerk-js@5/dist/clerk.browser.js`
  return needsToken ? `${frontend}/offline.js` : null
}

/** Headers of the page: no inline script runs, whatever a note says. */
export function pageHeaders(env: Env): Record<string, string> {
  const frontend = frontendOf(fromEnv(env).publishableKey ?? null)
  const local = frontend === null ? '' : loopback(frontend)
  // https://clerk.com/docs/security/clerk-csp
  const clerk =
    frontend === null || isLoopback(frontend)
      ? {
          script: local,
          connect: local,
          image: local,
          style: '',
          worker: "'none'",
          frame: "'none'",
        }
      : {
          script: `${frontend} https://challenges.cloudflare.com`,
          connect: frontend,
          image: 'https://img.clerk.com',
          style: "'unsafe-inline'",
          worker: "'self' blob:",
          frame: 'https://challenges.cloudflare.com',
        }
  return {
    'Content-Security-Policy': [
      "default-src 'none'",
      `script-src 'self' ${clerk.script}`,
      `connect-src 'self' ${clerk.connect}`,
      `img-src 'self' data: ${clerk.image}`,
      `style-src 'self' ${clerk.style}`,
      `worker-src ${clerk.worker}`,
      `frame-src ${clerk.frame}`,
      "base-uri 'none'",
      "form-action 'self'",
      "frame-ancestors 'none'",
    ]
      .map((directive) => directive.trim())
      .join('; '),
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Referrer-Policy': 'same-origin',
    'X-Content-Type-Options': 'nosniff',
  }
}

/** Origin of Clerk's frontend API: the publishable key holds its host, in base64 and followed by `$`. */
function frontendOf(publishableKey: string | null): string | null {
  const host = Buffer.from(publishableKey?.split('_')[2] ?? '', 'base64')
    .toString()
    .replace(/\$$/, '')
  if (host === '') return null
  return isLoopback(`http://${host}`) ? `http://${host}` : `https://${host}`
}

/** Under both names of this machine: the page may have been opened under either. */
function loopback(url: string): string {
  const { port } = new URL(url)
  return `http://127.0.0.1:${port} http://localhost:${port}`
}

function isLoopback(url: string): boolean {
  return ['localhost', '127.0.0.1', '[::1]'].includes(new URL(url).hostname)
}
