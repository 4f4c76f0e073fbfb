import type { Denial } from '../../domain/guard/requirement.js'

/**
 * The refusal that a guard would have answered with, thrown where there is a value to return: by `authOf`, `userOf` and
 * `currentAuth`. Where the application's error handlers leave it alone, the adapter answers as the guard does.
 */
export class DeniedError extends Error {
  override readonly name = 'DeniedError'
  readonly denial: Denial
  readonly code: Denial['code']
  // As error handlers of Express, Koa and Fastify read it.
  readonly status: Denial['status']
  readonly statusCode: Denial['status']
  readonly headers: Denial['headers']
  readonly expose = true

  constructor(denial: Denial) {
    super(denial.message)
    this.denial = denial
    this.code = denial.code
    this.status = denial.status
    this.statusCode = denial.status
    this.headers = denial.headers
  }
}
