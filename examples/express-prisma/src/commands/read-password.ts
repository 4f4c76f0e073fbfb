import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { text } from 'node:stream/consumers'

/** Asks without an echo at a terminal; else reads the first line of standard input, for scripts. */
export async function readPassword(question: string): Promise<string> {
  if (!process.stdin.isTTY) return (await text(process.stdin)).split(/\r?\n/, 1)[0] ?? ''
  process.stderr.write(question)
  // readline writes what is typed to its output, and this one shows nothing.
  const silent = new Writable({ write: (_chunk, _encoding, written) => written() })
  const terminal = createInterface({ input: process.stdin, output: silent, terminal: true })
  try {
    return await new Promise<string>((resolve, reject) => {
      terminal.once('line', resolve)
      // Ctrl-C, Ctrl-D.
      terminal.once('close', () => reject(new Error('No password was given.')))
    })
  } finally {
    terminal.close()
    process.stderr.write('\n')
  }
}
