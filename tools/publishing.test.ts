import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { ROOT } from './services/ports.js'

const read = (...path: string[]) => readFileSync(join(ROOT, ...path), 'utf8')
const folders = readdirSync(join(ROOT, 'packages')).filter((name) =>
  existsSync(join(ROOT, 'packages', name, 'package.json')),
)

describe.each(folders)('%s', (name) => {
  const manifest = JSON.parse(read('packages', name, 'package.json'))

  test('says where it comes from, and is published with its provenance', () => {
    expect(manifest).toMatchObject({
      name: `@acme/${name}`,
      license: 'MIT',
      homepage: `https://github.com/acme/clerk/tree/main/packages/${name}#readme`,
      bugs: 'https://github.com/acme/clerk/issues',
      repository: {
        type: 'git',
        url: 'git+https://github.com/acme/clerk.git',
        directory: `packages/${name}`,
      },
      publishConfig: { access: 'public', provenance: true },
    })
    expect(manifest.files).toContain('dist')
    expect(manifest.keywords).toContain('clerk')
    expect(manifest.description).toMatch(/\.$/)
  })

  test('has a budget for its size and a report of its public types', () => {
    if (name !== 'clerk-testing') expect(read('.size-limit.js')).toContain(`'${name}':`)
    const doors = Object.values(manifest.exports).filter((target) => typeof target === 'object')
    expect(readdirSync(join(ROOT, 'packages', name, 'api'))).toHaveLength(doors.length)
  })

  test('has a README whose links work where npm shows it', () => {
    const links = [...read('packages', name, 'README.md').matchAll(/\]\(([^)]+)\)/g)].map(([, link]) => link)
    expect(links.filter((link) => !/^(https:|#)/.test(link ?? ''))).toEqual([])
  })
})

describe('workflows', () => {
  const files = readdirSync(join(ROOT, '.github/workflows'))

  test.each(files)('%s has no permission but those that a job asks for, and runs no moving tag', (file) => {
    const text = read('.github/workflows', file)
    const workflow = parse(text)
    expect(workflow.permissions).toEqual({})
    for (const job of Object.values<{ permissions?: object; 'timeout-minutes'?: number }>(workflow.jobs)) {
      expect(job.permissions).toBeDefined()
      expect(job['timeout-minutes']).toBeGreaterThan(0)
    }
    const used = [...text.matchAll(/uses: (\S+)(.*)/g)]
    expect(used.length).toBeGreaterThan(0)
    for (const [, action, comment] of used) {
      expect(action).toMatch(/@[0-9a-f]{40}$/)
      expect(comment).toMatch(/^ # v\d/)
    }
  })

  test('every Node that the packages name is in the matrix, and every script that is run exists', () => {
    const { engines, scripts } = JSON.parse(read('package.json'))
    const { matrix } = parse(read('.github/workflows/ci.yml')).jobs.node.strategy
    const oldest = [...engines.node.matchAll(/(\d+)/g)].map(([, major]) => Number(major))
    expect(matrix.node).toEqual(expect.arrayContaining([20, 22, 24]))
    expect(oldest).toContain(matrix.node[0])
    for (const file of files) {
      const text = read('.github/workflows', file)
      for (const [, script = ''] of text.matchAll(/npx --yes pnpm@12 ([\w:-]+)/g)) {
        if (!script.startsWith('--')) expect(['install', ...Object.keys(scripts)]).toContain(script)
      }
    }
  })
})

test('every change that waits for a release raises the minor version, so that the first one is 0.1.0', () => {
  const changesets = readdirSync(join(ROOT, '.changeset')).filter((file) => file.endsWith('.md'))
  const raised = changesets.flatMap((file) => read('.changeset', file).match(/^['"]@acme\/.*$/gm) ?? [])
  expect(raised.length).toBeGreaterThan(0)
  expect(raised.filter((line) => line.includes('major'))).toEqual([])
  const { fixed } = JSON.parse(read('.changeset/config.json'))
  expect(fixed).toEqual([['@acme/clerk-*']])
})
