import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Setup } from '../web/setup.js'

/** The ratio of one check, measured in a new process. */
export async function measureCheck(name: string, setup: Setup): Promise<number> {
  const child = fork(fileURLToPath(new URL('child.ts', import.meta.url)), {
    execArgv: ['--import', 'tsx'],
    env: { ...process.env, NODE_ENV: 'production' },
  })
  child.send({ name, setup })
  const [answer] = await Promise.race([once(child, 'message'), once(child, 'exit')])
  child.kill()
  if (typeof answer !== 'object') throw new Error(`${name}: the process ended with ${answer}`)
  return (answer as { ratio: number }).ratio
}
