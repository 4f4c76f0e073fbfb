import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ROOT } from './services/ports.js'

const git = (...args: string[]) => execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' })
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8')

// New files count before they are committed; deleted ones do not.
const files = git('ls-files', '--cached', '--others', '--exclude-standard')
  .split('\n')
  .filter((file) => file !== '' && existsSync(join(ROOT, file)))
const documents = files.filter((file) => file.endsWith('.md'))

/** Lines of the files for which `wrong` is true, as an editor finds them. */
function linesOf(list: readonly string[], wrong: (line: string) => boolean): string[] {
  return list.flatMap((file) =>
    read(file)
      .split('\n')
      .flatMap((line, index) => (wrong(line) ? [`${file}:${index + 1}: ${line.trim()}`] : [])),
  )
}

describe('commands', () => {
  // npm asks before it fetches a program, and where it cannot ask it refuses.
  const UNANSWERED = /\bnpx\b(?! --yes |', \['--yes'|`)/
  const UNPINNED = /\bnpx --yes pnpm\b(?!@12\b)/
  /** A command that only works where pnpm was installed by hand: a line of a code block, or code in a sentence. */
  const BARE_PNPM = /(?:^|`|&& |[A-Z_]+=\S+ )pnpm [a-z]/

  test('npx is never left to ask', () => {
    const text = files.filter((file) => file !== 'pnpm-lock.yaml' && file !== 'tools/documents.test.ts')
    expect(linesOf(text, (line) => UNANSWERED.test(line) || UNPINNED.test(line))).toEqual([])
  })

  test('no document needs a pnpm that was installed by hand', () => {
    expect(linesOf(documents, (line) => BARE_PNPM.test(line))).toEqual([])
  })

  test('a command of ours names its package: npm would ask the registry for one that has the name of the command', () => {
    expect(linesOf(documents, (line) => /npx --yes (?:clerk-offline|acme-clerk)\b/.test(line))).toEqual([])
  })

  test("README's two commands are what CI runs", () => {
    const readme = read('README.md')
    for (const command of ['npx --yes pnpm@12 demo', 'npx --yes pnpm@12 test']) {
      expect(readme).toMatch(new RegExp(`^${command}(?: +#.*)?$`, 'm'))
    }
    expect(read('.ci/run')).toMatch(/^step npx --yes pnpm@12 test$/m)
    expect(read('.ci/run')).toMatch(/^step npx --yes pnpm@12 exec tsx tools\/ci\/newcomer\.ts$/m)
    const { scripts } = JSON.parse(read('package.json'))
    for (const [, script = ''] of read('.ci/run').matchAll(/npx --yes pnpm@12 ([\w:]+)/g)) {
      expect(['install', 'exec', ...Object.keys(scripts)]).toContain(script)
    }
  })
})

describe('links', () => {
  const HERE = 'https://github.com/acme/clerk/blob/main/'
  const withoutCode = (text: string) => text.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '``')

  /** As GitHub makes them of headings; explicit anchors too. */
  const anchorsOf = (file: string): Set<string> => {
    const text = read(file).replace(/^```[\s\S]*?^```/gm, '')
    const headings = [...text.matchAll(/^#+ +(.+)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    )
    const explicit = [...text.matchAll(/<a (?:id|name)="([^"]+)"/g)].map(([, id = '']) => id)
    return new Set([...headings, ...explicit])
  }

  const broken = (file: string, target: string): boolean => {
    const [path = '', anchor] = target.split('#')
    const found =
      path === ''
        ? file
        : path.startsWith(HERE)
          ? path.slice(HERE.length)
          : join(dirname(file), decodeURI(path))
    if (!existsSync(join(ROOT, found))) return true
    return anchor !== undefined && found.endsWith('.md') && !anchorsOf(found).has(anchor)
  }

  test.each(documents)('every link of %s leads somewhere', (file) => {
    const targets = [...withoutCode(read(file)).matchAll(/\]\(([^()\s]+)\)|^\[[^\]]+\]: (\S+)/gm)]
      .map((match) => match[1] ?? match[2] ?? '')
      .filter((target) => !/^[a-z]+:/.test(target) || target.startsWith(HERE))
    expect(targets.filter((target) => broken(file, target))).toEqual([])
  })

  test('a file of this repository that a document or a comment names is there', () => {
    const named = files
      .filter((file) => /\.(ts|js|md|json|yaml|prisma)$/.test(file))
      .flatMap((file) => {
        const paths = file.endsWith('.md')
          ? /(?<![\w/.@-])(?:packages|examples|tools|benchmarks|docs)\/[\w./-]+\.(?:ts|js|md|prisma|sql|json)\b/g
          : /(?<![\w/.-])docs\/[\w./-]+\.md\b/g
        return [...read(file).matchAll(paths)].map(([path]) => ({ file, path }))
      })
    expect(named.filter(({ path }) => !existsSync(join(ROOT, path)))).toEqual([])
  })
})

test('README leads to every package, guide and example', () => {
  const readme = read('README.md')
  const pages = files.flatMap((file) => {
    const [, folder] = /^((?:packages|examples)\/[\w-]+)\/README\.md$/.exec(file) ?? []
    return folder ?? (/^docs\/[\w-]+\.md$/.test(file) ? file : [])
  })
  expect(pages.length).toBeGreaterThan(40)
  expect(pages.filter((page) => !readme.includes(`](${page})`))).toEqual([])
})

test('the index of decisions has every page, under its title', () => {
  const pages = files.filter((file) => /^docs\/decisions\/\d{4}-[\w-]+\.md$/.test(file))
  const rows = pages.map((page) => {
    const [, title] = /^# (.+)$/m.exec(read(page)) ?? []
    return `| [${basename(page).slice(0, 4)}](${basename(page)}) | ${title} |`
  })
  const index = read('docs/decisions/README.md')
  expect(rows.filter((row) => !index.includes(row))).toEqual([])
  const superseded = pages.filter((page) => /^\*.*to be superseded/im.test(read(page)))
  const marked = [...index.matchAll(/^\| \[\d{4}\]\(([\w-]+\.md)\) \| .* \| to be superseded/gm)]
  expect(marked.map(([, page]) => `docs/decisions/${page}`)).toEqual(superseded)
})

describe('docs/security.md', () => {
  const guide = read('docs/security.md')
  const labels = new Map(
    [...guide.matchAll(/^\[([^\]]+)\]: (\S+)$/gm)].map(([, label = '', target = '']) => [label, target]),
  )
  const rows = guide.split('\n').filter((line) => /^\| (?!-|requirement|section|promise)/.test(line))
  const labelsOf = (text: string) =>
    [...text.matchAll(/\[([^\]]+)\](?![([:])/g)].map(([, label = '']) => label)

  test('every test that it names is there, and every name is used', () => {
    const used = new Set(labelsOf(guide))
    expect([...used].filter((label) => !labels.has(label))).toEqual([])
    expect([...labels.keys()].filter((label) => !used.has(label))).toEqual([])
    const tests = [...labels.values()].filter((target) => !target.endsWith('.md'))
    expect(tests.length).toBeGreaterThan(30)
    for (const target of tests) {
      expect(target).toMatch(/\.test\.ts$/)
      expect(files).toContain(join('docs', target))
    }
  })

  test('who meets a requirement is one of five, and what is met names a test', () => {
    for (const row of rows) {
      const [, , who = ''] = row.split(' | ').length > 2 ? ['', ...row.split(' | ')] : ['', '', 'Met']
      expect(['Met', 'Partly', 'Application', 'Clerk', 'Not met'], row).toContain(who.trim())
      if (who === 'Met' || who === 'Partly') expect(labelsOf(row).length, row).toBeGreaterThan(0)
    }
  })

  test.each<[string, readonly string[]]>([
    [
      'V7',
      [
        ...upTo('7.1', 3),
        ...upTo('7.2', 4),
        ...upTo('7.3', 2),
        ...upTo('7.4', 5),
        ...upTo('7.5', 3),
        ...upTo('7.6', 2),
      ],
    ],
    ['V8', [...upTo('8.1', 4), ...upTo('8.2', 4), ...upTo('8.3', 3), ...upTo('8.4', 2)]],
    ['V9', [...upTo('9.1', 3), ...upTo('9.2', 4)]],
    ['V10', ['10.1.1', ...upTo('10.3', 5)]],
    ['RFC 8725', upTo('3', 12)],
  ])('no requirement of %s is left out', (_chapter, requirements) => {
    const present = rows.map((row) => /^\| (\d+(?:\.\d+)+) /.exec(row)?.[1])
    expect(requirements.filter((requirement) => !present.includes(requirement))).toEqual([])
  })

  function upTo(section: string, last: number): string[] {
    return Array.from({ length: last }, (_, index) => `${section}.${index + 1}`)
  }
})

test('SECURITY.md says how to report', () => {
  expect(read('SECURITY.md')).toMatch(/security\/advisories\/new/)
})

test('every suite has the shared time limits', () => {
  const suites = files
    .filter((file) => /(^|\/)package\.json$/.test(file))
    .filter((file) => JSON.parse(read(file)).scripts?.test === 'vitest run')
    .map((file) => join(dirname(file), 'vitest.config.ts'))
  expect(suites.length).toBeGreaterThan(10)
  const shared = (config: string) =>
    files.includes(config) &&
    read(config).includes(`'${relative(dirname(config), 'vitest.shared.js')}'`) &&
    !/testTimeout|hookTimeout/.test(read(config))
  expect(suites.filter((config) => !shared(config))).toEqual([])
})
