import { inspect } from 'node:util'
import { nameOf } from '../error-name.js'
import type { LoggedError } from './logger.js'

const DEEPEST_CAUSE = 4
const MOST_ERRORS = 5
const LONGEST_MESSAGE = 2000
const LONGEST_STACK = 8000

/** A terminal obeys them, and a message may quote what a client sent. */
const CONTROLS = /[^\P{Cc}\n\t]|\p{Cf}/gu
const escaped = (char: string) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`

/**
 * What a log may hold of something that was thrown: name, message, stack, code and causes, each searched by `redact`. Other
 * fields are left out: drivers put the rows that they could not write there. Never throws, whatever was thrown.
 */
export function loggedError(thrown: unknown, redact: (text: string) => string): LoggedError {
  const text = (value: string, longest: number) => {
    const clean = redact(value).replace(CONTROLS, escaped)
    return clean.length <= longest ? clean : `${clean.slice(0, longest)}…`
  }
  const describe = (value: unknown, depth: number): LoggedError => {
    if (!(value instanceof Error)) {
      const said = typeof value === 'string' ? value : inspect(value, { depth: 2, maxStringLength: null })
      return { name: 'Not an Error', message: text(said, LONGEST_MESSAGE) }
    }
    const { message, stack, cause } = value
    const code: unknown = 'code' in value ? value.code : undefined
    const errors: unknown = 'errors' in value ? value.errors : undefined
    const deeper = depth < DEEPEST_CAUSE
    return {
      name: text(nameOf(value), 64),
      message: text(String(message), LONGEST_MESSAGE),
      ...(typeof code === 'string' && /^[\w.-]{1,64}$/.test(code) && { code: text(code, 64) }),
      ...(typeof stack === 'string' && { stack: text(stack, LONGEST_STACK) }),
      ...(deeper && cause !== undefined && { cause: describe(cause, depth + 1) }),
      ...(deeper &&
        Array.isArray(errors) && {
          errors: errors.slice(0, MOST_ERRORS).map((one) => describe(one, depth + 1)),
        }),
    }
  }
  try {
    return describe(thrown, 0)
  } catch {
    return { name: 'Error', message: 'What was thrown cannot be read.' }
  }
}
