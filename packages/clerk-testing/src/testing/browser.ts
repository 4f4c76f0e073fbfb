interface Visit {
  readonly url: URL
  readonly status: number
  readonly text: string
  /** Every URL on the way, the last one included. */
  readonly hops: readonly string[]
}

/** As much of a browser as signing in needs: cookies by host name (ports share them), redirects, Sec-Fetch headers. */
export class Browser {
  readonly #jar = new Map<string, Map<string, string>>()

  cookies(hostname: string): Map<string, string> {
    const cookies = this.#jar.get(hostname) ?? new Map<string, string>()
    this.#jar.set(hostname, cookies)
    return cookies
  }

  open(url: string): Promise<Visit> {
    return this.#navigate(new URL(url), 'none')
  }

  /** Submits a form of the page at `from`. */
  submit(from: URL | string, action: string, fields: Record<string, string> = {}, most = 12): Promise<Visit> {
    return this.#navigate(new URL(action, from), 'same-origin', new URLSearchParams(fields), most)
  }

  async #navigate(start: URL, site: string, form?: URLSearchParams, most = 12): Promise<Visit> {
    let url = start
    let body = form
    const hops: string[] = []
    for (let hop = 1; ; hop++) {
      hops.push(url.href)
      const cookies = this.cookies(url.hostname)
      const answer = await fetch(url, {
        method: body ? 'POST' : 'GET',
        redirect: 'manual',
        headers: {
          accept: 'text/html,application/xhtml+xml',
          'sec-fetch-dest': 'document',
          'sec-fetch-mode': 'navigate',
          'sec-fetch-site': site,
          ...(body ? { origin: 'null' } : {}),
          cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
        },
        ...(body ? { body } : {}),
      })
      for (const cookie of answer.headers.getSetCookie()) {
        const [pair = '', ...attributes] = cookie.split('; ')
        const [name = '', ...value] = pair.split('=')
        if (attributes.includes('Max-Age=0')) cookies.delete(name)
        else cookies.set(name, value.join('='))
      }
      const location = answer.headers.get('location')
      if (answer.status < 300 || answer.status >= 400 || location === null || hop === most) {
        return { url, status: answer.status, text: await answer.text(), hops }
      }
      url = new URL(location, url)
      body = undefined
    }
  }
}
