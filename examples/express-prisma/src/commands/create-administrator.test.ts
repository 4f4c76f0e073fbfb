import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { openDatabase } from '../../dist/src/database.js'
import { isPassword } from '../passwords.js'

const command = fileURLToPath(new URL('../../dist/src/commands/create-administrator.js', import.meta.url))
const PASSWORD = 'correct horse battery staple'

async function run(folder: string, args: readonly string[], input: string) {
  const child = spawn(process.execPath, [command, ...args], {
    cwd: folder,
    env: { PATH: process.env['PATH'], DATABASE_URL: `file:${join(folder, 'notes.db')}` },
  })
  // One that has nothing to ask may have ended before it is written to.
  child.stdin.on('error', () => undefined)
  child.stdin.end(input)
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { out, err, code }
}

test('makes an administrator of the address and the password that it reads', {
  timeout: 60_000,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'team-notes-administrator-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }))
  const email = ['--email', 'Lea@example.com']

  expect(await run(folder, [], '')).toMatchObject({ code: 1, err: expect.stringContaining('--email') })
  const asArgument = await run(folder, [...email, '--password', PASSWORD], '')
  expect(asArgument).toMatchObject({ code: 1, err: expect.stringContaining('Usage') })
  expect(await run(folder, email, 'short\n')).toMatchObject({
    code: 1,
    err: 'A password has 12 to 1000 characters.\n',
  })

  for (const password of ['the first of two passwords', PASSWORD]) {
    const made = await run(folder, email, `${password}\n`)
    expect(made).toMatchObject({ code: 0, err: '' })
    expect(made.out).not.toContain(password)
  }
  const prisma = await openDatabase(`file:${join(folder, 'notes.db')}`)
  onTestFinished(() => prisma.$disconnect())
  const all = await prisma.administrator.findMany()
  expect(all.map((one) => one.email)).toEqual(['lea@example.com'])
  expect(await isPassword(PASSWORD, all[0]?.passwordHash ?? '')).toBe(true)
})
