/**
 * What a browser does when a client of OAuth has sent a person to this server: signs in, looks at the consent page, decides.
 * @throws {Error} for a URL of another server, and for a request that the server refuses to show
 */
export async function decideAt(
  origin: string,
  authorization: URL,
  userId: string,
  decision: 'allow' | 'deny',
): Promise<URL> {
  if (authorization.origin !== origin || authorization.pathname !== '/oauth/authorize')
    throw new Error(`${authorization.origin}${authorization.pathname} is not the consent page of ${origin}.`)
  const post = (path: string, form: URLSearchParams, cookie = '') =>
    fetch(`${origin}${path}`, { method: 'POST', body: form, redirect: 'manual', headers: { cookie } })
  const signedIn = await post('/sign-in', new URLSearchParams({ identifier: userId }))
  const cookie = signedIn.headers
    .getSetCookie()
    .map((one) => one.split(';', 1)[0])
    .join('; ')
  const shown = await fetch(authorization, { redirect: 'manual', headers: { cookie } })
  // A request that is wrong sends the browser back at once.
  if (shown.status !== 200) return targetOf(shown, authorization)
  const form = new URLSearchParams(authorization.searchParams)
  form.set('decision', decision)
  return targetOf(await post('/oauth/authorize', form, cookie), authorization)
}

function targetOf({ status, headers }: Response, asked: URL): URL {
  const location = headers.get('location')
  if (location === null || new URL(location, asked).origin === asked.origin)
    throw new Error(`The authorization request was answered with ${status}, and the browser sent nowhere.`)
  return new URL(location)
}
