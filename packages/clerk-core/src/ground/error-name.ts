/** The class of an error: its message is the application's or a driver's, and may hold an address. */
export function nameOf(error: unknown): string {
  return error instanceof Error && /^[A-Za-z][\w.]{0,63}$/.test(error.name) ? error.name : 'Error'
}
