/** Where this package is. */
export const { url } = import.meta
