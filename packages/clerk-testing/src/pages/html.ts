import type { BackendError } from '../server/errors.js'
import type { Reply } from '../server/http.js'

/** Markup that is safe to send. Only {@link html} makes it. */
export class Markup {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

type Part = Markup | string | number | boolean | null | undefined | readonly Part[]

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Everything put into the template is escaped, unless it is markup itself; lists are joined, nothing is left out. */
export function html(literals: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(literals.map((literal, index) => literal + render(parts[index])).join(''))
}

function render(part: Part): string {
  if (part instanceof Markup) return part.text
  if (Array.isArray(part)) return part.map(render).join('')
  if (part === null || part === undefined || part === false || part === true) return ''
  return String(part).replace(/[&<>"']/g, (char) => entities[char] ?? char)
}

export interface PageParts {
  title: string
  body: Markup
  /** Markup of the navigation; none on the sign-in pages. */
  navigation?: Markup | undefined
  status?: number
  headers?: Record<string, string | string[]>
  /** Path of a script of this server; none on most pages. */
  script?: string | undefined
  /** Further directives of its Content-Security-Policy. */
  policy?: string | undefined
}

/** A whole page. No inline scripts, no frames, nothing from elsewhere. */
export function page({
  title,
  body,
  navigation,
  status = 200,
  headers = {},
  script,
  policy,
}: PageParts): Reply {
  const document = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · Offline Clerk</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/offline.css">
${script === undefined ? '' : html`<script src="${script}" defer></script>`}
</head>
<body>
<a class="skip" href="#main">Skip to content</a>
<header><a class="brand" href="/dashboard">Offline Clerk</a>${navigation}</header>
<main id="main">${body}</main>
</body>
</html>
`
  return {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': `default-src 'none'; style-src 'self'; img-src 'self' data:; ${script === undefined ? '' : "script-src 'self'; "}${policy === undefined ? '' : `${policy}; `}base-uri 'none'; frame-ancestors 'none'`,
      // With a referrer from another origin the official SDK starts a handshake instead of taking the cookie.
      'referrer-policy': 'no-referrer',
      ...headers,
    },
    text: document.text,
  }
}

/** What a person sees of an error; a program gets Clerk's JSON. */
export const errorPage = (error: BackendError): Reply =>
  page({
    title: error.message,
    status: error.status,
    body: html`<div class="narrow"><h1>${error.message}</h1><section><p role="alert">${error.longMessage}</p></section></div>`,
  })

export const redirect = (location: string, headers: Record<string, string | string[]> = {}): Reply => ({
  status: 303,
  headers: { location, 'referrer-policy': 'no-referrer', ...headers },
  text: '',
})
