export { createClerkContext } from './context.js'
export { DeniedError } from './denied-error.js'
export { createGuards, type Guards } from './guard.js'
export type { Authorized, ClerkContext, ContextOptions } from './types.js'
