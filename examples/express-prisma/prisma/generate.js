// `prisma generate`, once per database: a generated client speaks to one kind only.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const prisma = join(dirname(createRequire(import.meta.url).resolve('prisma/package.json')), 'build/index.js')
const schema = readFileSync('prisma/schema.prisma', 'utf8')

rmSync('generated', { recursive: true, force: true })
mkdirSync('generated')
for (const provider of ['sqlite', 'postgresql']) {
  const file = join('generated', `${provider}.prisma`)
  writeFileSync(
    file,
    schema.replace('"sqlite"', `"${provider}"`).replace('../generated/sqlite', `./${provider}`),
  )
  const { status, stdout, stderr } = spawnSync(process.execPath, [prisma, 'generate', '--schema', file], {
    encoding: 'utf8',
    // Generating needs no engine; naming any program that exists keeps Prisma from downloading one.
    env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, PRISMA_HIDE_UPDATE_MESSAGE: '1' },
  })
  if (status !== 0) {
    process.stderr.write(`${stdout}${stderr}`)
    process.exit(status ?? 1)
  }
}
