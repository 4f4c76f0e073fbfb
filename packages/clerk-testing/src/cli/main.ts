#!/usr/bin/env node
import { CliError } from './arguments.js'
import { event } from './event.js'
import { serve } from './serve.js'
import { token } from './token.js'

const help = `clerk-offline: Clerk on your machine, without an account.

  clerk-offline [--port 4400] [--seed seed.json] [--webhook-url URL] [--data state.json] [--app-url URL]
      Starts the server and prints the environment variables for your application.
  clerk-offline token --user WHO [--org ORG] [--azp ORIGIN] [--ttl SECONDS]
      Prints a session token. WHO is an id, e-mail address or username; ORG an id or slug.
  clerk-offline event TYPE [--data JSON]
      Sends a signed webhook of this type to the server's webhook URL: "clerk-offline event user.updated".

token and event speak to a running server: --url (default http://127.0.0.1:4400, or CLERK_API_URL) and --secret-key
(or CLERK_SECRET_KEY), of the environment or of a file .env in this folder.

  --port N           Port to listen on. Default 4400; 0 takes a free one.
  --seed FILE        JSON or YAML: { "users": [{ "emailAddress": "ada@example.com" }], "organizations": [{ "name": "Acme", "members": [{ "user": "ada@example.com" }] }] }
  --webhook-url URL  Where to send webhooks.
  --data FILE        Keep users, sessions, keys and secrets in this file. It holds private keys.
  --app-url URL      Origin of your application, for CLERK_AUTHORIZED_PARTIES. Default http://localhost:3000.
  --secret-key KEY   Its secret key, to write into a file that several programs read. Default a new one.
  --webhook-secret S Its signing secret, likewise.
  --issuer URL       "iss" of its tokens. Default its own URL; Go's SDK wants one that begins with https://clerk.
  --public-url URL   Address under which applications and browsers reach it, where that is not http://127.0.0.1:PORT.
  --host HOST        Address to listen on. Default 127.0.0.1.
  --rate-limits      Answer 429 by the limits of a development instance.
  --latency-ms N     Every answer takes so much longer.
  --dangerously-allow production | other-hosts
                     It signs users in without a password. It refuses NODE_ENV=production, and a --host that other
                     machines reach, unless this says so.
`

const commands: Readonly<Record<string, (args: string[]) => Promise<void>>> = { token, event, serve }

async function main([first, ...rest]: string[]): Promise<void> {
  if (first === '--help' || first === '-h' || first === 'help') {
    console.log(help)
    return
  }
  const command = first !== undefined && Object.hasOwn(commands, first) ? commands[first] : undefined
  if (command) return command(rest)
  if (first !== undefined && !first.startsWith('-')) {
    throw new CliError(`There is no command "${first}". See clerk-offline --help.`)
  }
  return serve(first === undefined ? [] : [first, ...rest])
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(`clerk-offline: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
})
