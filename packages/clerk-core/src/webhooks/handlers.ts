/** Registers a handler for a Clerk event: `'user.created'`, `'session.*'`, `'*'`. */
export type OnWebhook = (
  pattern: string,
  handler: (event: {
    readonly id: string
    readonly type: string
    readonly timestamp: number
    readonly data: unknown
    readonly signal: AbortSignal
  }) => void | Promise<void>,
  options?: { name?: string },
) => () => void
