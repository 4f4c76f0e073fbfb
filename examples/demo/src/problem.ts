import type { ConfigurationError } from '@acme/clerk-core'

/** Something the person at the keyboard can mend: one line, and how. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly remedy: string

  constructor(message: string, remedy: string, options?: ErrorOptions) {
    super(message, options)
    this.remedy = remedy
  }
}

/** What to print; `null` for an error of the demo itself, whose stack is printed. */
export function describeProblem(error: unknown): string | null {
  if (error instanceof Problem) return `${error.message} ${error.remedy}`
  if (isConfigurationError(error))
    return error.problems.map(({ option, message, remedy }) => `${option} ${message} ${remedy}`).join('\n')
  return null
}

/** By its code: an example may have its own copy of the class. */
function isConfigurationError(error: unknown): error is ConfigurationError {
  return error instanceof Error && 'code' in error && error.code === 'configuration'
}
