/** Where another caller gets in between. */
export const interruption = () => new Promise<void>((resolve) => setImmediate(resolve))
