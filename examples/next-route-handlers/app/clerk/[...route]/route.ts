import { handle } from '../../../lib/clerk'

// /clerk/webhook, /clerk/me, /clerk/health, /clerk/ready, /clerk/sign-in, /clerk/callback, /clerk/sign-out …
export const GET = handle(({ handler }) => handler)
export const POST = GET
