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

/** What the two call by different names. */
export function hooksOf(api: VitestApi | NodeTestApi) {
  return 'beforeAll' in api
    ? { beforeAll: api.beforeAll, afterAll: api.afterAll }
    : { beforeAll: api.before, afterAll: api.after }
}
