/** What Clerk's Backend API answers to a secret key that is wrong, deleted or of another instance. */
export const isKeyRefused = (status: number): boolean => status === 401 || status === 403

/** Whether a status is about the network, Clerk or the key, and not about what was asked for. 0: there was no answer. */
export const isOutage = (status: number): boolean => status === 0 || status >= 500 || isKeyRefused(status)
