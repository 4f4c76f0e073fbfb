/** One finding of `clerk.check()`. */
export interface Diagnostic {
  readonly severity: 'error' | 'warning'
  /** Stable, kebab-case. */
  readonly code: string
  readonly message: string
  readonly remedy: string
}
