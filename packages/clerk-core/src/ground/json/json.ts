/** JSON as Clerk's metadata holds it. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }
export type Metadata = { readonly [key: string]: Json }

/** U+0000 and halves of surrogate pairs: no database holds them everywhere, and two texts would become one. */
export const UNSTORABLE = /[\0\p{Surrogate}]/u
