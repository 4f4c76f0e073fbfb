/**
 * Time limits of every suite. A limit is there to end a test that hangs. It must not measure the machine: vitest's own five
 * seconds for a test, and its one second for what is waited for, fail a test when other work shares the processor.
 */
export const TEST_MS = 60_000
export const HOOK_MS = 120_000
export const WAIT_MS = 20_000

/**
 * The message of an error that says no more than that the time of a test is over. An assertion, a counterexample or an answer of
 * the product never begins like this. The limit of a hook is no such error: where a test fails and leaves something open, the
 * hook that closes it may be what hangs, and vitest sees the last error alone.
 */
export const OUT_OF_TIME = /^Test timed out in \d+ms\./
