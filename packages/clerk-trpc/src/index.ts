export { createClerkContext } from './context.js'
export { DeniedError } from './denied-error.js'
export { createGuards } from './guard.js'
export type { Authorized, ClerkContext, ContextOptions } from './types.js'
