const ID = /^[A-Za-z0-9][\w-]{0,254}$/

/** Whether this can be an id of Clerk's (or a slug): what cannot is neither asked for nor looked up. */
export function isClerkId(value: unknown): value is string {
  return typeof value === 'string' && ID.test(value)
}
