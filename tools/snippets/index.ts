import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** A fenced code block of a Markdown file. `info` is what follows the language: ```` ```ts server.ts ```` has `server.ts`. */
export interface Snippet {
  language: string
  info: string
  code: string
  /** 1-based line of the opening fence. */
  line: number
}

/** Every fenced code block of the Markdown file, in order. */
export async function readSnippets(file: string | URL): Promise<Snippet[]> {
  const snippets: Snippet[] = []
  const text = await readFile(file, 'utf8')
  for (const match of text.matchAll(/^```(\w+)[ \t]*([^\n]*)\n([\s\S]*?)^```[ \t]*$/gm)) {
    const line = text.slice(0, match.index).split('\n').length
    snippets.push({ language: match[1] ?? '', info: (match[2] ?? '').trim(), code: match[3] ?? '', line })
  }
  return snippets
}

/** The one block whose info string is `info`; throws when it is not there exactly once. */
export async function readSnippet(file: string | URL, info: string): Promise<Snippet> {
  const found = (await readSnippets(file)).filter((snippet) => snippet.info === info)
  if (found.length !== 1 || found[0] === undefined) {
    throw new Error(`${String(file)} has ${found.length} code blocks titled "${info}", expected one`)
  }
  return found[0]
}

export interface RunningSnippet {
  /** Resolves with all of standard output once it matches; rejects when the process ends first. */
  output(pattern: RegExp): Promise<string>
  /** Ends the process and resolves when it is gone. */
  stop(): Promise<void>
  /** Resolves when the process ends by itself. */
  finished: Promise<{ code: number | null; stdout: string; stderr: string }>
}

export interface RunOptions {
  /** Package folder in whose `node_modules` the snippet's imports are resolved. */
  cwd: string
  env?: Record<string, string>
  /** Further files the snippet imports, by name. */
  files?: Record<string, string>
}

/** Runs TypeScript of a README in a process of its own, from a scratch folder inside `cwd`, unchanged. */
export async function runSnippet(
  code: string,
  { cwd, env = {}, files = {} }: RunOptions,
): Promise<RunningSnippet> {
  await mkdir(join(cwd, '.snippets'), { recursive: true })
  const folder = await mkdtemp(join(cwd, '.snippets', 'run-'))
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content)
  const entry = join(folder, 'snippet.ts')
  await writeFile(entry, code)

  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
  const child = spawn(process.execPath, ['--import', tsx, entry], {
    cwd: folder,
    env: { ...process.env, ...env },
  })
  let stdout = ''
  let stderr = ''
  const waiting = new Set<() => void>()
  child.stdout.on('data', (chunk) => {
    stdout += chunk
    for (const look of waiting) look()
  })
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  const finished = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    child.on('close', async (code) => {
      await rm(folder, { recursive: true, force: true })
      resolve({ code, stdout, stderr })
    })
  })
  return {
    finished,
    output: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (!pattern.test(stdout)) return
          waiting.delete(look)
          resolve(stdout)
        }
        waiting.add(look)
        look()
        void finished.then(({ code }) => {
          look()
          reject(new Error(`the snippet ended (${code}) before printing ${pattern}\n${stdout}\n${stderr}`))
        })
      }),
    stop: async () => {
      child.kill()
      await finished
    },
  }
}
