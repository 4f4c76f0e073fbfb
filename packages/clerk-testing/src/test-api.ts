/** The body of a test or a hook. */
export type Body = () => void | Promise<void>

interface TestApi {
  describe(name: string, body: () => void): unknown
  it(name: string, options: { timeout: number }, body: Body): unknown
}

/** `import * as vitest from 'vitest'` */
export interface VitestApi extends TestApi {
  beforeAll(body: Body): unknown
  afterAll(body: Body): unknown
}

/** `import * as nodeTest from 'node:test'` */
export interface NodeTestApi extends TestApi {
  before(body: Body): unknown
  after(body: Body): unknown
}

/** @throws {TypeError} for what is no test runner: nothing would be tested, or nothing said why */
export function checkRunner(api: unknown): void {
  if (typeof api === 'object' && api !== null && 'describe' in api && 'it' in api) return
  if (typeof api === 'function' && 'describe' in api) return
  throw new TypeError(
    "The first argument is the test runner: `import * as nodeTest from 'node:test'`, or `import * as vitest from 'vitest'`.",
  )
}

/** What the two call by different names. */
export function hooksOf(api: VitestApi | NodeTestApi) {
  checkRunner(api)
  return 'beforeAll' in api
    ? { beforeAll: api.beforeAll, afterAll: api.afterAll }
    : { beforeAll: api.before, afterAll: api.after }
}
