import { type OptionRule, type OptionRules, rule } from '@acme/clerk-core/store'
import { DIALECTS } from './client/dialect.js'
import type { PrismaStoreOptions } from './options.js'
import {
  INBOX,
  INVITATIONS,
  LOG,
  MEMBERSHIPS,
  ORGANIZATIONS,
  ROLES,
  type TableDefinition,
  USERS,
} from './table/definitions.js'

/** What the options of any model may have; each type has some of them. */
interface OfModel {
  model: unknown
  fields: unknown
  create: unknown
  unique: unknown
  externalIdColumn: unknown
}

const isColumn = (value: unknown) => typeof value === 'string' && value !== ''

/** The model's name and its fields, by the names that the store has for them; and what else there is to say. */
function modelOf(definition: TableDefinition, more: Partial<OptionRules<OfModel>> = {}): OptionRule {
  const fields = Object.entries(definition.fields).map(([name, { presence }]) => [
    name,
    {
      check: (value: unknown) =>
        isColumn(value) || (value === null && presence === 'optional')
          ? { value }
          : {
              message: value === null ? 'cannot be null: the store needs it.' : 'is no name of a field.',
              remedy: 'Name a field of the model.',
            },
    } satisfies OptionRule,
  ])
  return rule.group<object>({
    model: rule.text,
    fields: rule.group<object>(Object.fromEntries(fields)),
    ...more,
  })
}

/** One of the synced fields that a schema may declare unique. */
const uniqueOf = ({ mayBeUnique }: TableDefinition): OptionRule => ({
  entries: (entry) =>
    mayBeUnique.includes(entry as string)
      ? { value: entry }
      : {
          message: 'has an entry that is not a synced field which may be unique.',
          remedy: `Use ${mayBeUnique.join(', ')}.`,
        },
})
const create = rule.code

/** For `readOptions`. */
export const OPTION_RULES: OptionRules<PrismaStoreOptions> = {
  provider: rule.words(...Object.keys(DIALECTS)),
  users: modelOf(USERS, { create, unique: uniqueOf(USERS), externalIdColumn: rule.text }),
  organizations: modelOf(ORGANIZATIONS, { create, unique: uniqueOf(ORGANIZATIONS) }),
  memberships: modelOf(MEMBERSHIPS, { create }),
  roles: modelOf(ROLES, { create }),
  invitations: modelOf(INVITATIONS, { create }),
  inbox: modelOf(INBOX),
  changes: modelOf(LOG),
}
