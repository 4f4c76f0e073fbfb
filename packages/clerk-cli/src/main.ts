#!/usr/bin/env node
import './memory.js'
import { runProgram } from './program.js'

const stopping = new AbortController()

/** The first one lets the row in hand be finished, the second one ends the process as the signal would have. */
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (stopping.signal.aborted) process.exit(signal === 'SIGINT' ? 130 : 143)
    process.stderr.write('\nFinishing what is in hand. Press Ctrl-C again to stop at once.\n')
    stopping.abort()
  })
}
// `acme-clerk … | head`: its reader is gone, so there is no reason to go on.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  stopping.abort()
})

const code = await runProgram(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: process.stdin,
  cwd: process.cwd(),
  signal: stopping.signal,
})
// A pipe is written in the background. What the configuration left open (a pool, a timer) must not keep the process alive.
process.stdout.write('', () => process.stderr.write('', () => process.exit(code)))
