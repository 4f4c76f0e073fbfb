/** What the user of the command can put right: one sentence, and what to do about it. */
export class CliError extends Error {
  override readonly name = 'CliError'
  readonly remedy: string

  constructor(message: string, remedy: string, options?: ErrorOptions) {
    super(message, options)
    this.remedy = remedy
  }
}
