export type { AuthorityApp, AuthorityBinding, AuthoritySpec, Backend } from './binding.js'
export * from './client.js'
export { authenticateUpgrade } from './core.js'
export {
  API_KEY,
  type Credential,
  MACHINE_CREDENTIALS,
  ORGANIZATION_KEY,
  SESSION_TOKEN,
} from './credentials.js'
export { ALLOWED, type Answer, answerOf, CLOSED, GUARD_NAMES, GUARDS, type GuardName } from './guards.js'
export { serveEvents, serveSockets } from './serve.js'
export { runAuthorityTable } from './table.js'
export * from './ways.js'
