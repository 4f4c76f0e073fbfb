export type { DrizzleStoreOptions } from './options.js'
