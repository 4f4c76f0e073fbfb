import { ConfigurationError, type ConfigurationProblem } from '../errors.js'
import { type Checked, isPlaceholder } from './values.js'

/** Collects every problem, so that a user mends a configuration once and not one error at a time. */
export class Problems {
  readonly #found: ConfigurationProblem[] = []

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
    return isPlaceholder(value) ? null : this.take(option, check(value.trim()))
  }

  /** @throws {ConfigurationError} with everything found */
  throwIfAny(): void {
    if (this.#found.length > 0) throw new ConfigurationError(this.#found)
  }
}
