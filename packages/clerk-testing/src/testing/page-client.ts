import type { Answer } from './send.js'

/** Asks as Clerk's script does: form-encoded, methods in the query, cookies of one browser. */
export class PageClient {
  readonly cookies = new Map<string, string>()
  readonly #url: string
  readonly origin: string
  constructor(url: string, origin = 'http://127.0.0.1:3000') {
    this.#url = url
    this.origin = origin
  }

  async fetch(
    method: string,
    path: string,
    fields: Record<string, string | string[]> = {},
    { session, headers = {} }: { session?: string; headers?: Record<string, string> } = {},
  ): Promise<Response> {
    const url = new URL(`/v1${path}`, this.#url)
    url.searchParams.set('__clerk_api_version', '2026-05-12')
    if (session !== undefined) url.searchParams.set('_clerk_session_id', session)
    if (method !== 'GET' && method !== 'POST') url.searchParams.set('_method', method)
    const form = new URLSearchParams()
    for (const [name, value] of Object.entries(fields)) {
      for (const one of [value].flat()) (method === 'GET' ? url.searchParams : form).append(name, one)
    }
    const answer = await fetch(url, {
      method: method === 'GET' ? 'GET' : 'POST',
      headers: {
        origin: this.origin,
        cookie: [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; '),
        ...headers,
      },
      ...(method === 'GET' ? {} : { body: form }),
    })
    for (const cookie of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
      this.cookies.set(name, value)
    }
    return answer
  }

  /** The answer's JSON; throws for a refusal. */
  async ask(...given: Parameters<PageClient['fetch']>): Promise<Answer> {
    const answer = await this.fetch(...given)
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${given[0]} ${given[1]} answered ${answer.status}: ${text}`)
    return JSON.parse(text)
  }

  /** Status and first error code of a refusal. */
  async refusal(...given: Parameters<PageClient['fetch']>): Promise<[number, string | undefined]> {
    const answer = await this.fetch(...given)
    const json = (await answer.json()) as { errors?: { code: string }[] }
    return [answer.status, json.errors?.[0]?.code]
  }
}

export const claimsOf = (jwt: string): Answer =>
  JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString())
