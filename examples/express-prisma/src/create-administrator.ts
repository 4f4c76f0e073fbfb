import type { Database } from './database.js'
import { hashPassword } from './passwords.js'

export interface NewAdministrator {
  readonly email: string
  readonly password: string
}

const SHORTEST_PASSWORD = 12
export const LONGEST_PASSWORD = 1000

/**
 * An administrator who signs in here; one who is there already gets the password.
 *
 * @throws {RangeError} for an address that is none, and a password that is too short or too long
 */
export async function createAdministrator(
  prisma: Database,
  { email, password }: NewAdministrator,
): Promise<void> {
  if (!/^[^\s@]+@[^\s@]+$/.test(email)) throw new RangeError('The e-mail address is not one.')
  if (password.length < SHORTEST_PASSWORD || password.length > LONGEST_PASSWORD)
    throw new RangeError(`A password has ${SHORTEST_PASSWORD} to ${LONGEST_PASSWORD} characters.`)
  const passwordHash = await hashPassword(password)
  await prisma.administrator.upsert({
    where: { email: email.toLowerCase() },
    create: { email: email.toLowerCase(), passwordHash },
    update: { passwordHash },
  })
}

/** For a configuration that wants them by that name: `administrators.create({ email, password })`. */
export const administratorsOf = (prisma: Database) => ({
  create: (administrator: NewAdministrator) => createAdministrator(prisma, administrator),
})
