import { fileURLToPath } from 'node:url'

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

interface ClerkInstance {
  readonly options: { readonly issuer: string; readonly publishableKey: string | null }
}

/** Folder of the static files. */
export const pageFolder = fileURLToPath(new URL('../public/', import.meta.url))

export function pageConfig(
  { options: { issuer, publishableKey } }: ClerkInstance,
  {
    example,
    stack,
    api = 'rest',
    admin = false,
    needsToken = false,
  }: Pick<PageConfig, 'example' | 'stack'> & Partial<PageConfig> & { needsToken?: boolean },
): PageConfig {
  // An offline Clerk's sign-in page sets the cookie itself; of the real Clerk, only its script can.
  const clerkScript = isLoopback(issuer)
    ? needsToken
      ? `${issuer}/offline.js`
      : null
    : `${issuer}/npm/@clerk/clerk-js@5/dist/clerk.browser.js`
  return { example, stack, publishableKey, clerkScript, api, admin }
}

/** Headers of the page: no inline script runs, not even one inside a note. */
export function pageHeaders({ options: { issuer } }: ClerkInstance): Record<string, string> {
  // https://clerk.com/docs/security/clerk-csp
  const clerk = isLoopback(issuer)
    ? {
        script: loopback(issuer),
        connect: loopback(issuer),
        image: loopback(issuer),
        style: '',
        worker: "'none'",
        frame: "'none'",
      }
    : {
        script: `${issuer} https://challenges.cloudflare.com`,
        connect: issuer,
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

/** Under both names of this machine: the page may have been opened under either. */
function loopback(url: string): string {
  const { port } = new URL(url)
  return `http://127.0.0.1:${port} http://localhost:${port}`
}

function isLoopback(url: string): boolean {
  return ['localhost', '127.0.0.1', '[::1]'].includes(new URL(url).hostname)
}
