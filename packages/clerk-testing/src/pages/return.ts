export const returnScriptPath = '/offline-return.js'

/**
 * Where to return to, as Clerk's script says it: behind the "#", which no server sees. It is said again in the query, where
 * it is checked.
 */
export const returnScript = `(() => {
  const given = new URLSearchParams(location.hash.split('?')[1] ?? '')
  const page = location.pathname.slice(1).replace('-', '_')
  const names = [page + '_force_redirect_url', 'redirect_url', page + '_fallback_redirect_url']
  const goal = names.map((name) => given.get(name)).find((one) => one && URL.canParse(one))
  if (!goal) return
  const url = new URL(location.href)
  url.hash = ''
  url.searchParams.set('redirect_url', goal)
  location.replace(url)
})()
`
