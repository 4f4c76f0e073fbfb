// npm run create-administrator -- --email lea@example.com
import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { createAdministrator } from '../create-administrator.js'
import { databaseUrl, openDatabase } from '../database.js'
import { readPassword } from './read-password.js'

const USAGE = 'Usage: npm run create-administrator -- --email lea@example.com'

/** @returns what went wrong, in a sentence for the person at the terminal; `null` where nothing did */
async function run(): Promise<string | null> {
  const email = emailOf(process.argv.slice(2))
  if (email === null) return USAGE
  if (existsSync('.env')) process.loadEnvFile('.env')
  // Before the database: whoever gives up at the question leaves nothing open.
  const password = await readPassword(`Password of ${email}: `)
  const prisma = await openDatabase(databaseUrl(process.env))
  try {
    await createAdministrator(prisma, { email, password })
    return null
  } catch (error) {
    if (error instanceof RangeError) return error.message
    throw error
  } finally {
    await prisma.$disconnect()
  }
}

/** A password as an argument would be in the history of the shell and in the list of processes, so there is none. */
function emailOf(args: string[]): string | null {
  try {
    return parseArgs({ args, options: { email: { type: 'string' } } }).values.email ?? null
  } catch {
    return null
  }
}

const problem = await run()
if (problem === null) console.log('The administrator can sign in at /admin.html.')
else {
  console.error(problem)
  process.exitCode = 1
}
