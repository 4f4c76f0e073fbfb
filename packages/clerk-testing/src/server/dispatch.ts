import { notServed } from './errors.js'
import { createRouter, type Found, type Route } from './route.js'

/**
 * Chooses between what backends and what pages ask for: Clerk answers them at two hosts, here they share one, and some
 * paths are the same. Clerk's script says in the query which version of the frontend API it speaks, and where it changes
 * something it sends a POST that names the method in the query, which needs no preflight.
 */
export function createDispatch(routes: readonly Route[], pages: readonly Route[]) {
  const [served, asked] = [createRouter(routes), createRouter(pages)]
  const [first] = pages
  // A page can only read that there is no such operation with the headers of one that there is.
  const unknown: Route | undefined = first && {
    ...first,
    path: '/v1/:anything',
    handle: ({ method, url }) => {
      throw notServed(`${url.searchParams.get('_method') ?? method} ${url.pathname}`)
    },
  }

  return (method: string, { pathname, searchParams }: URL): Found | undefined => {
    // Some of the script's own paths end with a slash.
    const page = (verb: string) => asked(verb, pathname.replace(/(?<=.)\/$/, ''))
    if (!searchParams.has('__clerk_api_version')) return served(method, pathname) ?? page(method)
    const verb = (method === 'POST' ? searchParams.get('_method') : null) ?? method
    return page(verb) ?? served(method, pathname) ?? (unknown && { route: unknown, params: {} })
  }
}
