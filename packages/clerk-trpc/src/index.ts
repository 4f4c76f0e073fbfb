export { DeniedError } from '@acme/clerk-core'
export { createClerkContext } from './context.js'
export { createGuards, type Guards } from './guard.js'
export type { Authorized, ClerkContext, ClerkContextOptions, ContextOptions } from './types.js'
