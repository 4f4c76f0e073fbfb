import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { CliError } from '../cli-error.js'
import { command, type Run } from '../command.js'
import { type Plan, planOf } from '../init/plan.js'
import { diffOf, type Planned } from '../init/planned.js'
import { type Project, recognise } from '../init/project.js'
import { askYes } from '../input.js'

export const init = command({
  path: 'init',
  summary: 'Prepares a project: database, clerk module, configuration.',
  options: {
    'dry-run': { help: 'show the diff, and write nothing' },
    yes: { help: 'write without asking' },
  },
  notes: [
    'Recognises Express, Koa, Fastify, NestJS and tRPC; Prisma, MongoDB and Mongoose; npm, pnpm, yarn and bun. Shows what',
    'it would write, and asks. It adds files and lines: nothing that is there is changed. What is left to do is listed.',
  ],
  examples: ['acme-clerk init --dry-run', 'acme-clerk init'],
  async run(run) {
    const { options, output, cwd, interactive } = run
    const project = recognise(cwd)
    const plan = planOf(project, new Date())
    output.say(`Found: ${describe(project)}.`)
    show(plan, run)
    const write =
      plan.files.length > 0 && !options['dry-run'] && (options.yes || (await confirmed(interactive)))
    if (write) for (const file of plan.files) writeFile(cwd, file)
    for (const message of plan.todos)
      output.result('todo', { message }, `${output.style.bold('To do')} ${message}`)
    output.result('summary', { interrupted: false, written: write ? plan.files.length : 0, left: plan.left })
    output.say(write ? `${plan.files.length} files written.` : 'Nothing was written.')
    return 'done'
  },
})

const STORE_NAMES: Readonly<Record<Project['store'], string>> = {
  prisma: 'Prisma',
  mongo: 'MongoDB',
  mongoose: 'Mongoose',
  drizzle: 'Drizzle',
  memory: 'no database',
}

const describe = ({ frameworks, store, manager }: Project) =>
  [frameworks.map(({ name }) => name).join(' and ') || 'no framework', STORE_NAMES[store], manager.name].join(
    ', ',
  )

function show({ files, left }: Plan, { output }: Pick<Run, 'output'>): void {
  const paint = (line: string) => (line.startsWith('+') ? output.style.green(line) : line)
  for (const file of files) {
    const diff = diffOf(file)
    const record = {
      path: file.path,
      change: file.before === null ? ('created' as const) : ('extended' as const),
      diff,
    }
    output.result('file', record, `${diff.split('\n').map(paint).join('\n')}\n`)
  }
  for (const path of left)
    output.result('file', { path, change: 'unchanged', diff: '' }, `${path} is there already, and stays.`)
}

async function confirmed(interactive: boolean): Promise<boolean> {
  if (interactive) return askYes('Write these files?')
  throw new CliError(
    'There is no terminal to ask on.',
    'Add --yes to write the files, or --dry-run to look at them.',
  )
}

/** @throws {CliError} when the file has changed since it was shown */
function writeFile(folder: string, { path, before, after }: Planned): void {
  const file = join(folder, path)
  if (before !== null && readFileSync(file, 'utf8') !== before)
    throw new CliError(`${path} has changed meanwhile.`, 'Run the command again.')
  mkdirSync(dirname(file), { recursive: true })
  // `wx`: what another process has made meanwhile is not written over.
  writeFileSync(file, after, { flag: before === null ? 'wx' : 'w' })
}
