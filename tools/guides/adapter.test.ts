import { readSnippet, runSnippet } from '@acme/tools/snippets'
import { expect, onTestFinished, test } from 'vitest'

// The adapter of docs/write-your-own-adapter.md, in the kit for adapters, run with node:test as the page does it.

const guide = new URL('../../docs/write-your-own-adapter.md', import.meta.url)
const { code: adapter } = await readSnippet(guide, 'adapter.ts')
const { code: suite } = await readSnippet(guide, 'adapter.test.ts')

test('the adapter of the guide passes the kit', async () => {
  const { status, output } = await run(adapter)
  expect(output).toMatch(/^[#ℹ] fail 0$/m)
  expect(Number(/^[#ℹ] pass (\d+)$/m.exec(output)?.[1])).toBeGreaterThan(70)
  expect(status).toBe(0)
})

/** A line of the adapter, what a careless author writes instead, and the test of the kit that says so. */
const MISTAKES = [
  [
    'call.trustProxy ? header(',
    'true ? header(',
    'the browser is sent back to the host that the proxy names, only if the proxy is trusted',
  ],
  [
    'route: call.route ?? null',
    "route: call.req.url ?? ''",
    'the audit log says who did what, by pattern, without a token or a query',
  ],
  [
    'if (refusal !== null) return send(call, refusal)',
    '',
    'what does not fit into a fetch Request is refused, as by the SDKs of Clerk',
  ],
] as const

test('the kit names what an adapter does wrong, and nothing else', async () => {
  const careless = MISTAKES.reduce((code, [line, instead]) => {
    expect(code).toContain(line)
    return code.replace(line, instead)
  }, adapter)
  const { status, output } = await run(careless)
  for (const [, , title] of MISTAKES)
    expect(output).toMatch(new RegExp(`^ *(?:not ok \\d+ -|✖) ${title}`, 'm'))
  expect(output).toMatch(new RegExp(`^[#ℹ] fail ${MISTAKES.length}$`, 'm'))
  expect(status).toBe(1)
})

async function run(code: string): Promise<{ status: number | null; output: string }> {
  const files = { 'adapter.ts': code }
  const running = await runSnippet(suite, { cwd: import.meta.dirname, files, env: { NODE_OPTIONS: '' } })
  onTestFinished(() => running.stop())
  const { code: status, stdout, stderr } = await running.finished
  return { status, output: stdout + stderr }
}
