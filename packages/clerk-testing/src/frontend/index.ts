import { accountOperations } from './account.js'
import { environmentOperations } from './environment.js'
import type { PageOperation } from './operation.js'
import { organizationOperations } from './organizations.js'
import { sessionOperations } from './sessions.js'
import { signInOperations } from './sign-in.js'
import { signUpOperations } from './sign-up.js'

/** What pages with Clerk's own script may ask for: its frontend API, as far as it is served here. */
export const pageOperations: readonly PageOperation[] = [
  ...environmentOperations,
  ...sessionOperations,
  ...signInOperations,
  ...signUpOperations,
  ...accountOperations,
  ...organizationOperations,
]
