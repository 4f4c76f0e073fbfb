import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

const PACKAGE = fileURLToPath(new URL('../..', import.meta.url))

/** A project of its own, which has what this package has installed, and this package. Gone when the test is. */
export function scratchProject(files: Readonly<Record<string, string>>): string {
  mkdirSync(join(PACKAGE, '.snippets'), { recursive: true })
  const folder = mkdtempSync(join(PACKAGE, '.snippets', 'project-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(join(folder, 'node_modules/@acme'), { recursive: true })
  symlinkSync(PACKAGE, join(folder, 'node_modules/@acme/clerk-cli'), 'junction')
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return folder
}
