import { ConfigurationError, type ConfigurationProblem } from '../errors.js'
import { type Checked, isPlaceholder, unlessQuoted } from './values.js'

/** Collects every problem, so that a user mends a configuration once and not one error at a time. */
export class Problems {
  readonly #found: ConfigurationProblem[] = []
  readonly #placeholders = new Set<string>()
  readonly #warnings: { readonly code: string; readonly message: string }[] = []

  add(option: string, message: string, remedy: string): void {
    this.#found.push({ option, message, remedy })
  }

  /** The value, or `null` after noting what is wrong with it. */
  take<T>(option: string, checked: Checked<T>): T | null {
    if ('value' in checked) return checked.value
    this.add(option, checked.message, checked.remedy)
    return null
  }

  /** A text option that may be absent; placeholders count as absent. */
  text<T>(option: string, value: unknown, check: (text: string) => Checked<T>): T | null {
    if (value === undefined || value === null) return null
    if (typeof value !== 'string') {
      this.add(option, 'is not a string.', 'Give a string, or leave it out.')
      return null
    }
    if (!isPlaceholder(value)) return this.take(option, unlessQuoted(check)(value.trim()))
    if (value.trim() !== '') this.placeholder(option)
    return null
  }

  /** An option, a variable or an entry of a list that holds a placeholder, and counts as missing. */
  placeholder(name: string): void {
    this.#placeholders.add(name)
  }

  /** What is no reason to refuse a configuration. */
  warn(code: string, message: string): void {
    this.#warnings.push({ code, message })
  }

  /**
   * Tells the warnings where there is nothing worse. A placeholder is a warning too, but beside a problem it is one more: it
   * may be the reason.
   *
   * @throws {ConfigurationError} with everything found
   */
  throwIfAny(): void {
    const counts = 'holds a placeholder and counts as missing.'
    if (this.#found.length > 0) {
      for (const name of this.#placeholders) this.add(name, counts, 'Set it, or remove it.')
      throw new ConfigurationError(this.#found)
    }
    for (const name of this.#placeholders) this.warn('ACME_CLERK_PLACEHOLDER', `${name} ${counts}`)
    for (const { code, message } of this.#warnings) process.emitWarning(message, { code })
  }
}
