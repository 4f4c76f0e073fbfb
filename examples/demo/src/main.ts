import { openInBrowser } from './open.js'
import { readOptions, USAGE } from './options.js'
import { describeProblem } from './problem.js'
import { runDemo } from './run.js'

const STOP_MS = 5000

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2))
  if (options.help) {
    process.stdout.write(USAGE)
    return
  }
  const demo = runDemo(options, process.env)
  let stopping = false
  const stop = () => {
    // A second Ctrl-C ends it at once, and so does a step of the shutdown that hangs.
    if (stopping) process.exit(1)
    stopping = true
    setTimeout(() => process.exit(1), STOP_MS).unref()
    demo.then(
      ({ stop }) => stop().then(() => process.exit(0)),
      () => {},
    )
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
  const { url } = await demo
  if (stopping) return
  process.stdout.write(`\nTeam Notes (${options.example}) is ready: ${url}\nCtrl-C ends it.\n`)
  if (options.open) openInBrowser(url)
}

main().catch((error: unknown) => {
  const problem = describeProblem(error)
  console.error(problem ?? error)
  process.exit(1)
})
