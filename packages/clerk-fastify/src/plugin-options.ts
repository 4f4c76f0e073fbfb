import { CLERK_OPTION, type OptionRules, readOptions, rule } from '@acme/clerk-core/store'
import type { RegisterOptions } from 'fastify'

/** Fastify's own options of a plugin come in the same object. It reads and checks them itself. */
const OF_FASTIFY: OptionRules<RegisterOptions> = {
  prefix: rule.any,
  logLevel: rule.any,
  logSerializers: rule.any,
}

/**
 * The options of a plugin.
 *
 * @throws {ConfigurationError}
 */
export function readPluginOptions<T extends { clerk: object }>(
  plugin: string,
  given: T,
  rules: OptionRules<Omit<T, 'clerk'>>,
): T {
  const clerk = { ...CLERK_OPTION, required: 'Give what createClerk returned: `{ clerk }`.' }
  return readOptions<T & RegisterOptions>(plugin, given, { ...OF_FASTIFY, ...rules, clerk } as OptionRules<
    T & RegisterOptions
  >)
}
