import { setFlagsFromString } from 'node:v8'

/*
 * What V8 takes for speed, and a command that reads, writes and forgets has no use for. It is imported before all else, since
 * what has grown stays. A flag that a later V8 does not know it ignores.
 */
for (const flag of [
  // Prisma's query compiler is WebAssembly: optimised in the background it takes 40 MB, and the process ends before that pays.
  '--liftoff-only',
  // The space of new objects would grow to 32 MB with the pages of Clerk, and the old one to twice of what is in use.
  '--semi-space-growth-factor=1',
  '--heap-growing-percent=20',
])
  setFlagsFromString(flag)
