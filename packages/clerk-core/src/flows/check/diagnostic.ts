import type { CodesIn } from '../../ground/codes.js'

/** One finding of `clerk.check()`. */
export interface Diagnostic {
  readonly severity: 'error' | 'warning'
  /** Each is explained in `docs/errors.md`. */
  readonly code: CodesIn<'check'>
  readonly message: string
  readonly remedy: string
}
