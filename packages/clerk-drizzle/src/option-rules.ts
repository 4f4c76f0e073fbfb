import { type OptionRule, type OptionRules, rule } from '@acme/clerk-core/store'
import type { DrizzleStoreOptions } from './options.js'
import {
  INVITATIONS,
  MEMBERSHIPS,
  ORGANIZATIONS,
  ROLES,
  type TableDefinition,
  USERS,
} from './table/definitions.js'

interface OfTable {
  fields: unknown
  create: unknown
  unique: unknown
  externalIdColumn: unknown
}

function ofTable(definition: TableDefinition, more: Partial<OptionRules<OfTable>> = {}): OptionRule {
  const { required, optional, extra, mayBeUnique } = definition
  const names = Object.keys({ ...required, ...optional, ...extra })
  const unique: OptionRule = {
    entries: (entry) =>
      mayBeUnique.includes(entry as string)
        ? { value: entry }
        : {
            message: 'has an entry that is not a synced field which may be unique.',
            remedy: `Use ${mayBeUnique.join(', ')}.`,
          },
  }
  return rule.group<object>({
    fields: rule.group<object>(Object.fromEntries(names.map((name) => [name, rule.text]))),
    create: rule.code,
    ...(mayBeUnique.length > 0 && { unique }),
    ...more,
  })
}

/** For `readOptions`. */
export const OPTION_RULES: OptionRules<DrizzleStoreOptions> = {
  users: ofTable(USERS, { externalIdColumn: rule.text }),
  organizations: ofTable(ORGANIZATIONS),
  memberships: ofTable(MEMBERSHIPS),
  invitations: ofTable(INVITATIONS),
  clerkRoles: ofTable(ROLES),
}
