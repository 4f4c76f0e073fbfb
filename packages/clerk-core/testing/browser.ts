/** What a browser does with cookies, and nothing else: one jar, sent with every request. */
export interface Browser {
  readonly cookies: Map<string, string>
  /** Sends the jar along; answers the JSON body. */
  request(
    path: string,
    init?: RequestInit & { headers?: Record<string, string> },
  ): Promise<Record<string, unknown>>
}

export function openBrowser(url: string): Browser {
  const cookies = new Map<string, string>()
  return {
    cookies,
    async request(path, init = {}) {
      const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
      const headers = { ...(cookie && { cookie }), ...init.headers }
      const response = await fetch(`${url}${path}`, { ...init, headers })
      for (const line of response.headers.getSetCookie()) {
        const [name = '', value = ''] = (line.split(';')[0] ?? '').split('=')
        cookies.set(name, value)
      }
      return (await response.json()) as Record<string, unknown>
    },
  }
}
