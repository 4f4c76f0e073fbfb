export type { NodeTestApi, VitestApi } from '../test-api.js'
export {
  type AdapterBinding,
  type AppSpec,
  type BodyParser,
  changedGuard,
  GUARDS,
  LOCAL_USER,
  namedGuards,
  type RunningApp,
  type SessionKind,
} from './binding.js'
export { type ContextBinding, type ContextSpec, describeCurrentAuth, type Service } from './current-auth.js'
export { describeAdapter } from './describe.js'
export { changeRows, createHarness, describeAuth, type Harness, PAGE, type Person } from './harness.js'
export { type RawResponse, request, sendRaw } from './http.js'
export { describeProxies, type ProxyBinding } from './proxies.js'
export { callbackStore, type SessionRow, SessionTable } from './session-table.js'
