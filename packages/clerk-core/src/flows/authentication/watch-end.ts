import type { CodesIn } from '../../ground/codes.js'

/** Why a long-lived connection has to be closed. */
export type WatchEnd = CodesIn<'connection'>
