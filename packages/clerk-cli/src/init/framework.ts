import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Planned } from './planned.js'
import type { Project } from './project.js'

const GUIDE = 'https://github.com/acme/clerk/blob/main/docs/nestjs.md'

/** What a guide says to copy: all of it, or, where one of the names is taken, nothing, since the files import each other. */
export function planFramework({ folder, source, ending, frameworkFiles: files }: Project): {
  readonly files: readonly Planned[]
  readonly todos: readonly string[]
} {
  if (files.length === 0) return { files: [], todos: [] }
  const planned = files.map(({ name, template, declares }) => ({
    declares,
    path: join(source, name),
    before: null,
    after: readFileSync(new URL(`../../templates/${template}`, import.meta.url), 'utf8'),
  }))
  const taken = planned.filter(({ path, declares }) => {
    const file = join(folder, path)
    return existsSync(file) && !readFileSync(file, 'utf8').includes(declares)
  })
  if (ending === 'ts' && taken.length === 0) return { files: planned, todos: [] }
  const why = taken.map(({ path }) => `There is another file ${path}. `).join('')
  const names = files.map(({ name }) => name).join(', ')
  return { files: [], todos: [`${why}Copy ${names} from the guide, under names that are free: ${GUIDE}`] }
}
