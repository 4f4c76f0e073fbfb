import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { ROOT } from '../services/ports.js'
import { freePort } from '../services/processes.js'
import { readSnippet } from '../snippets/index.js'

/** What a newcomer gets wrong in the ten lines of an adapter's README: text of the server, and what takes its place. */
interface Walk {
  readonly forgotten: readonly [line: string, instead: string]
  /** What is said then. */
  readonly told: RegExp
  /** The body is read too early. Absent for tRPC, whose webhooks are those of the framework around it. */
  readonly webhook?: readonly [before: string, parser: string]
  /** As Clerk's own SDK is called, which takes its keys from the environment. */
  readonly withoutClerk: readonly [call: string, instead: string]
}

const EAT = 'for await (const _ of '
const WALKS: Readonly<Record<string, Walk>> = {
  express: {
    forgotten: ['app.use(clerkMiddleware(clerk))', ''],
    told: /Mount clerkMiddleware before the guards/,
    webhook: ["app.use('/clerk'", "app.use(express.json())\napp.use('/clerk'"],
    withoutClerk: ['clerkMiddleware(clerk)', 'clerkMiddleware()'],
  },
  koa: {
    forgotten: ['app.use(clerkMiddleware(clerk))', ''],
    told: /Mount clerkMiddleware before the guards/,
    webhook: [
      'app.use(clerkRoutes',
      `app.use(async (ctx, next) => { ${EAT}ctx.req); await next() })\napp.use(clerkRoutes`,
    ],
    withoutClerk: ['clerkMiddleware(clerk)', 'clerkMiddleware()'],
  },
  fastify: {
    forgotten: ['await app.register(clerkPlugin, { clerk })', ''],
    told: /Mount clerkPlugin before the guards/,
    webhook: [
      'await app.register(clerkRoutesPlugin',
      `app.addHook('preParsing', async (_request, _reply, body) => { ${EAT}body); })\nawait app.register(clerkRoutesPlugin`,
    ],
    withoutClerk: ['clerkPlugin, { clerk }', 'clerkPlugin'],
  },
  trpc: {
    forgotten: ['appRouter, createContext }', 'appRouter }'],
    told: /`createContext: createClerkContext\(clerk\)`/,
    withoutClerk: ['createClerkContext(clerk)', 'createClerkContext()'],
  },
}

const TIMEOUT = { timeout: 120_000 }
const run = promisify(execFile)

/** A newcomer with the README of an adapter, in a project outside this workspace, and the wrong turns on the way. */
export function walkTests(project: () => string): void {
  describe.each(Object.entries(WALKS))('with the README of clerk-%s a newcomer', (framework, walk) => {
    const readme = join(ROOT, 'packages', `clerk-${framework}`, 'README.md')
    let code: string
    let folder: string
    let origin: string
    let offline: ReturnType<typeof start>
    /** What the offline Clerk has printed for `.env`. */
    let printed: string

    beforeAll(async () => {
      code = (await readSnippet(readme, 'server.ts')).code
      folder = join(project(), `walk-${framework}`)
      mkdirSync(folder)
      // What the first line of the README makes of an empty folder.
      expect(readFileSync(readme, 'utf8')).toContain('npm init --yes && npm pkg set type=module')
      writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
      origin = `http://localhost:${await freePort()}`
      offline = start([bin(), '--port', '0', '--webhook-url', `${origin}/clerk/webhook`])
      await vi.waitFor(() => expect(offline.output()).toContain('Ctrl-C'))
      printed =
        offline
          .output()
          .match(/^CLERK_\w+=.*$/gm)
          ?.join('\n') ?? ''
      return offline.stop
    }, TIMEOUT.timeout)

    test('is answered 401, 200, 403, and their webhooks are taken', TIMEOUT, async () => {
      const { says } = await serve(code, printed)
      const statuses = async (authorization: string, ...paths: string[]) =>
        Promise.all(paths.map(async (path) => (await ask(path, { authorization })).status))
      expect((await ask('/hello', {})).status).toBe(401)
      expect(await statuses(await token('--user', 'ada'), '/hello', '/admin')).toEqual([200, 403])
      expect(await statuses(await token('--user', 'ada', '--org', 'acme'), '/admin')).toEqual([200])
      const ofAnotherPage = await token('--user', 'ada', '--azp', 'http://localhost:5173')
      expect(await statuses(ofAnotherPage, '/hello')).toEqual([401])
      await says(/azp "http:\/\/localhost:5173".*Add the origin to `authorizedParties`/)
      await expect(token('--user', 'bob')).rejects.toThrow(/No user is called “bob” here.*\/dashboard/)
      if (walk.webhook) expect(await event()).toContain('answered 200')
    })

    // The same in every framework: the server ends before it.
    test.runIf(framework === 'express')('who has no variables is told which to set', TIMEOUT, async () => {
      const { ended, output } = start(server(code, 'PORT=0'))
      expect(await ended).toBe(1)
      expect(output()).toMatch(
        /Set CLERK_PUBLISHABLE_KEY[\s\S]*Set CLERK_SECRET_KEY[\s\S]*CLERK_AUTHORIZED_PARTIES/,
      )
    })

    test('who has keys of another instance is told which are wrong', TIMEOUT, async () => {
      const wrong = printed
        .replace(/^CLERK_SECRET_KEY=.*$/m, `CLERK_SECRET_KEY=sk_test_offline${'x'.repeat(32)}`)
        .replace(
          /^CLERK_WEBHOOK_SIGNING_SECRET=.*$/m,
          `CLERK_WEBHOOK_SIGNING_SECRET=whsec_${btoa('x'.repeat(24))}`,
        )
      const authorization = await token('--user', 'grace')
      const { says } = await serve(code, wrong)
      expect((await ask('/hello', { authorization })).status).toBe(503)
      await says(/Clerk answered 401.*Copy the secret key of this instance/)
      if (!walk.webhook) return
      writeEnv(printed)
      expect(await event()).toMatch(/answered 403[\s\S]*Give the application the secret/)
      await says(/No signature verifies.*Copy the signing secret/)
    })

    test(
      'who forgets the middleware, or parses bodies before the webhook, is told where it belongs',
      TIMEOUT,
      async () => {
        const authorization = await token('--user', 'ada')
        const { output, says } = await serve(
          edited(walk.forgotten, ...(walk.webhook ? [walk.webhook] : [])),
          printed,
        )
        const answer = await ask('/hello', { authorization })
        expect(answer.status).toBe(500)
        // Fastify and tRPC say it in the answer, Express and Koa on standard error.
        const text = await answer.text()
        await vi.waitFor(() => expect(`${text}${output()}`).toMatch(walk.told))
        if (!walk.webhook) return
        expect(await event()).toContain('answered 500')
        await says(/ACME_CLERK_RAW_BODY.*(?:Mount the route before|Do not read the body)/)
      },
    )

    test('who calls it as Clerk’s own SDK is called is told to pass the clerk', TIMEOUT, async () => {
      const { ended, output } = start(server(edited(walk.withoutClerk), printed))
      expect(await ended).toBe(1)
      expect(output()).toMatch(/A clerk is missing|clerk: is missing\. Give what createClerk returned/)
    })

    const bin = () => join(project(), 'node_modules/@acme/clerk-testing/dist/cli/main.js')
    const writeEnv = (env: string) => writeFileSync(join(folder, '.env'), env)
    const ask = (path: string, headers: Record<string, string>) => fetch(`${origin}${path}`, { headers })
    const cli = async (...args: string[]) => {
      const { stdout, stderr } = await run(process.execPath, [bin(), ...args], {
        cwd: folder,
        env: bare(),
      }).catch((error: { stdout: string; stderr: string }) => error)
      return { stdout, stderr }
    }
    const token = async (...of: string[]) => {
      writeEnv(printed)
      const { stdout, stderr } = await cli('token', ...of)
      if (stderr !== '') throw new Error(stderr)
      return `Bearer ${stdout.trim()}`
    }
    const event = async () => Object.values(await cli('event', 'user.updated')).join('\n')

    function edited(...changes: readonly (readonly [string, string])[]): string {
      return changes.reduce((text, [from, to]) => {
        expect(text).toContain(from)
        return text.replace(from, to)
      }, code)
    }

    /** `npx --yes tsx --env-file=.env server.ts`. */
    function server(text: string, env: string): string[] {
      writeFileSync(join(folder, 'server.ts'), text)
      writeEnv(env)
      const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
      return ['--env-file=.env', '--import', tsx, 'server.ts']
    }

    async function serve(text: string, env: string) {
      const running = start(server(text, env))
      onTestFinished(running.stop)
      const answers = async () => {
        if (running.child.exitCode !== null) return
        await fetch(origin)
      }
      await vi.waitFor(answers)
      expect(running.child.exitCode, running.output()).toBeNull()
      const says = (what: RegExp) => vi.waitFor(() => expect(running.output()).toMatch(what))
      return { ...running, says }
    }

    function start(args: readonly string[]) {
      const env = { ...bare(), PORT: new URL(origin).port }
      const child: ChildProcess = spawn(process.execPath, args, { cwd: folder, env })
      let text = ''
      for (const stream of [child.stdout, child.stderr])
        stream?.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk
        })
      const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
      const stop = async () => {
        child.kill()
        await ended
      }
      return { child, ended, stop, output: () => text }
    }
  })
}

/** Without what the test runner adds. */
const bare = () => ({ PATH: process.env['PATH'], NO_COLOR: '1' })
