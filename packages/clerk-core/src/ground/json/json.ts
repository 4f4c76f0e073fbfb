/** JSON as Clerk's metadata holds it. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }
export type Metadata = { readonly [key: string]: Json }
