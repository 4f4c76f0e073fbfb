import type { ServerDefinition, ServerName } from './definition.js'
import { mariadb } from './mariadb.js'
import { mongodb } from './mongodb.js'
import { postgres } from './postgres.js'

export const DEFINITIONS: Record<ServerName, ServerDefinition> = { postgres, mariadb, mongodb }
