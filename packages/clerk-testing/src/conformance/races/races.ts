import { bulkRaces } from './bulk-races.js'
import { inboxRaces } from './inbox-races.js'
import type { Race } from './race.js'
import { userRaces } from './user-races.js'
import { versionRaces } from './version-races.js'

export const races: readonly Race[] = [...versionRaces, ...userRaces, ...bulkRaces, ...inboxRaces]
