import { ClerkApiError } from '../../ground/errors.js'

/** What a request for one thing answers, as a list: Clerk's 404 is an empty one. @throws {ClerkApiError} for anything else */
export async function* oneOrNone<T>(request: () => Promise<T>): AsyncGenerator<T, void, undefined> {
  try {
    yield await request()
  } catch (error) {
    if (!(error instanceof ClerkApiError) || error.status !== 404) throw error
  }
}
