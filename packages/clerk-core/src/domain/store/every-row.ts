import { ConfigurationError } from '../../ground/errors.js'
import { MAX_BATCH } from './rules/batch.js'

/** Every row that a store lists, page by page. @throws {ConfigurationError} where it lists none */
export async function* everyRow<R extends { readonly clerkId: string | null }>(
  list: ((page: { readonly after: string | null; readonly limit: number }) => Promise<R[]>) | undefined,
  option: 'users' | 'organizations',
): AsyncGenerator<R, void, undefined> {
  if (list === undefined) {
    const method = option === 'users' ? 'list' : 'listOrganizations'
    throw new ConfigurationError([
      {
        option,
        message: `The store has no \`${method}\`, so its rows cannot be compared with Clerk's.`,
        remedy: `Give it \`${method}\`: see docs/write-your-own-store.md.`,
      },
    ])
  }
  for (let after: string | null = null; ; ) {
    const page: R[] = await list({ after, limit: MAX_BATCH })
    yield* page
    after = page.at(-1)?.clerkId ?? null
    if (page.length < MAX_BATCH || after === null) return
  }
}
