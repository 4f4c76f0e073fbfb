import { NextResponse } from 'next/server'
import { handle } from './lib/clerk'

/** Who is not signed in and opens a page is sent to sign in, before Next renders it. */
export const proxy = handle(({ withAuth }) => withAuth({}, () => NextResponse.next(), { redirect: true }))

export const config = { matcher: '/account/:path*' }
