// For authors of stores: what a store implements, the rows it answers, and the rules that all stores share.
export type * from './domain/store/inbox.js'
export type * from './domain/store/organization.js'
export * from './domain/store/rules/index.js'
export type * from './domain/store/user.js'
