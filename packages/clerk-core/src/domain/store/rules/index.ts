/** What every store decides alike. Pure functions: reading and writing is each store's own. */
export * from './absence.js'
export * from './convergence.js'
export * from './email.js'
export * from './input.js'
export * from './membership.js'
export * from './sign-in.js'
export * from './tombstone.js'
export * from './uniqueness.js'
