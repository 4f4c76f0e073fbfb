/** Begins at once; what is thrown instead of rejected is a rejection all the same. A promise is passed on as it is. */
export function attempt<T>(step: () => T | Promise<T>): Promise<T> {
  try {
    return Promise.resolve(step())
  } catch (error) {
    return Promise.reject(error)
  }
}
