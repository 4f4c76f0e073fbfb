/** Begins at once; what is thrown instead of rejected is a rejection all the same. */
export async function attempt<T>(step: () => T | Promise<T>): Promise<T> {
  return step()
}
