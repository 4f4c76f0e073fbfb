// One behaviour for all adapters, as data: what a request is answered, and what it does to the session. Each adapter
// binds it to its framework; what is special to a framework is tested beside its adapter.
export {
  type AppBinding,
  type AppSpec,
  changedGuard,
  GUARDS,
  LOCAL_USER,
  namedGuards,
  type RunningApp,
} from './binding.js'
export { type ContextBinding, type ContextSpec, runContextSuite, teapot } from './current-auth.js'
export { useHarnesses } from './fixture.js'
export { deliver, runGuideSuite } from './guide-suite.js'
export { changeRows, createHarness, describeAuth, type Harness, PAGE, recordOf } from './harness.js'
export { type RawResponse, request, sendRaw } from './http.js'
export { answerMcp, isWrite, mcpTests, WRITE } from './mcp.js'
export { type ProxiedApp, runProxySuite } from './proxies.js'
export { runServerSnippet, typecheckSnippets } from './readme.js'
export { runReadmeSuite } from './readme-suite.js'
export { runAdapterSuite } from './run.js'
export { callbackStore, SessionTable } from './session-table.js'
