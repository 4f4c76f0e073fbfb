/** Of this folder's files, in an ES module. */
export const { url } = import.meta
