// `tsx tools/api-report.ts`: holds the public types of every package against the committed reports (`packages/*/api/`), so
// that no signature changes unseen. `--update` writes them after a wanted change. Reads `dist/`: build first.
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Extractor, ExtractorConfig, type IConfigFile } from '@microsoft/api-extractor'
import { ROOT } from './services/ports.js'

interface Manifest {
  readonly name: string
  readonly private?: boolean
  readonly exports: Readonly<Record<string, string | { readonly types: string }>>
}

const update = process.argv.includes('--update')
const packages = join(ROOT, 'packages')
let changed = 0

for (const folder of (await readdir(packages)).sort()) {
  const project = join(packages, folder)
  const packageJson = join(project, 'package.json')
  const manifest: Manifest = JSON.parse(await readFile(packageJson, 'utf8'))
  if (manifest.private) continue
  await mkdir(join(project, 'api'), { recursive: true })
  for (const [door, target] of Object.entries(manifest.exports)) {
    if (typeof target === 'string') continue
    const report = `${door === '.' ? 'index' : door.slice(2).replaceAll('/', '-')}.api.md`
    const { apiReportChanged, errorCount } = Extractor.invoke(
      config(project, packageJson, target.types, report),
      {
        localBuild: update,
        messageCallback(message) {
          // Ours says what to do; only what the compiler found is worth printing.
          message.handled = message.category !== 'Compiler'
        },
      },
    )
    if (errorCount === 0 && (update || !apiReportChanged)) continue
    changed++
    console.error(`packages/${folder}/api/${report}: the public types of ${manifest.name} changed.`)
  }
}

if (changed > 0) {
  console.error(
    'If that is wanted: npx --yes pnpm@12 exec tsx tools/api-report.ts --update, and commit the reports.',
  )
  process.exit(1)
}

function config(
  project: string,
  packageJsonFullPath: string,
  types: string,
  report: string,
): ExtractorConfig {
  const configObject: IConfigFile = {
    projectFolder: project,
    mainEntryPointFilePath: join(project, types),
    // Each entry of core holds the types that others name: a report of a store does not repeat them.
    compiler: {
      overrideTsconfig: {
        compilerOptions: {
          module: 'nodenext',
          moduleResolution: 'nodenext',
          target: 'es2023',
          lib: ['esnext'],
          types: ['node'],
          skipLibCheck: true,
        },
        include: [join(project, 'dist/**/*.d.ts')],
      },
    },
    apiReport: {
      enabled: true,
      reportFolder: join(project, 'api'),
      reportTempFolder: join(ROOT, 'node_modules/.cache/api-reports', project.slice(packages.length + 1)),
      reportFileName: report,
    },
    docModel: { enabled: false },
    dtsRollup: { enabled: false },
    tsdocMetadata: { enabled: false },
    messages: {
      compilerMessageReporting: { default: { logLevel: 'error' as never } },
      extractorMessageReporting: { default: { logLevel: 'none' as never } },
      tsdocMessageReporting: { default: { logLevel: 'none' as never } },
    },
  }
  return ExtractorConfig.prepare({ configObject, configObjectFullPath: undefined, packageJsonFullPath })
}
