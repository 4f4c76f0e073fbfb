// Generates the clients the tests, the types and the benchmarks use, from the schema this package ships and the model of a
// small application: Prisma 7 for every database, Prisma 6 for SQLite and PostgreSQL. Nothing is generated twice.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const require = createRequire(import.meta.url)
const read = (file) => readFileSync(join(root, file), 'utf8')

/** Prisma 6 stands beside 7 under an alias; its generated code is told so. */
const versions = [
  {
    name: 'v7',
    cli: 'prisma',
    runtime: '@prisma/client',
    engine: '',
    url: '',
    providers: ['sqlite', 'postgresql', 'mysql'],
  },
  {
    ...{ name: 'v6', cli: 'prisma6', runtime: '@prisma/client6', providers: ['sqlite', 'postgresql'] },
    ...{ engine: 'engineType = "client"', url: 'url = "unused: the tests pass a driver adapter"' },
  },
]
const apps = readdirSync(join(root, 'prisma')).filter((file) => file.endsWith('.prisma'))

for (const version of versions) {
  for (const provider of version.providers) {
    for (const app of apps) {
      const name = `${version.name}-${provider}-${app.replace('.prisma', '')}`
      const output = join(root, 'generated', name)
      const models = read(join('prisma', app))
        .replace('// +others', () =>
          read(`schema/${provider}.prisma`).replace(/^model User {[\s\S]*?^}$/m, ''),
        )
        .replace('// +schema', () => read(`schema/${provider}.prisma`))
        .replace(/^\/\/ \+User (.*)$([\s\S]*?model User {)/m, (_, column, rest) => `${rest}\n  ${column}`)
      const schema = `generator client {
  provider               = "prisma-client"
  output                 = "${output}"
  moduleFormat           = "esm"
  importFileExtension    = "ts"
  generatedFileExtension = "ts"
  ${version.engine}
}
datasource db {
  provider = "${provider}"
  ${version.url}
}
${models}`
      const { version: installed } = require(`${version.cli}/package.json`)
      const hash = createHash('sha256').update(installed).update(schema).digest('hex')
      const stamp = join(output, '.hash')
      if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) continue

      rmSync(output, { recursive: true, force: true })
      mkdirSync(output, { recursive: true })
      const file = join(output, '..', `${name}.prisma`)
      writeFileSync(file, schema)
      const cli = join(dirname(require.resolve(`${version.cli}/package.json`)), 'build/index.js')
      const { status, stdout, stderr } = spawnSync(process.execPath, [cli, 'generate', '--schema', file], {
        cwd: root,
        encoding: 'utf8',
        // Generating needs no engine; asking for one that exists keeps Prisma from downloading its own.
        env: {
          ...process.env,
          PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
          PRISMA_HIDE_UPDATE_MESSAGE: '1',
        },
      })
      if (status !== 0) {
        process.stderr.write(`${stdout}${stderr}`)
        process.exit(status ?? 1)
      }
      for (const entry of readdirSync(output, { recursive: true })) {
        if (!String(entry).endsWith('.ts')) continue
        const path = join(output, String(entry))
        const code = readFileSync(path, 'utf8')
        writeFileSync(path, code.replaceAll('"@prisma/client/runtime', `"${version.runtime}/runtime`))
      }
      writeFileSync(stamp, hash)
    }
  }
}
