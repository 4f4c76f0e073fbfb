import { createPublicKey } from 'node:crypto'
import type { Checked } from '../../ground/options/values.js'
import { problemOfKey } from './rsa-key.js'

/**
 * A PEM public key as its canonical SPKI text, or what is wrong with it. Environment files mangle newlines: `\n` in two
 * characters, CRLF and no newline at all are accepted.
 */
export function readPem(text: string): { readonly pem: string } | { readonly problem: string } {
  if (/PRIVATE KEY/.test(text)) return { problem: 'is a private key.' }
  const match =
    /^(?:-----BEGIN (RSA PUBLIC KEY|PUBLIC KEY)-----)?([A-Za-z0-9+/=]+)(?:-----END [A-Z ]+-----)?$/.exec(
      text
        .replace(/\\r|\\n/g, '\n')
        .trim()
        .replace(/(-----BEGIN [A-Z ]+-----)|(-----END [A-Z ]+-----)|\s+/g, '$1$2'),
    )
  if (match === null) {
    // `--env-file` of Docker and `export` of a file end a value with its first line.
    return /^-----BEGIN [A-Z ]+-----$/.test(text.trim())
      ? { problem: 'is the first line of a PEM public key alone: write the newlines of the others as `\\n`.' }
      : { problem: 'is not a PEM public key.' }
  }
  const type = match[1] === 'RSA PUBLIC KEY' ? 'pkcs1' : 'spki'
  try {
    const key = createPublicKey({ key: Buffer.from(match[2] ?? '', 'base64'), format: 'der', type })
    const problem = problemOfKey(key)
    return problem === null ? { pem: key.export({ type: 'spki', format: 'pem' }).toString() } : { problem }
  } catch {
    return { problem: 'is not a PEM public key.' }
  }
}

/** The option `jwtKey`. */
export function checkPem(text: string): Checked<string> {
  const read = readPem(text)
  if ('pem' in read) return { value: read.pem }
  return {
    message: read.problem,
    remedy:
      'Copy the JWKS public key (PEM) from the Clerk dashboard → API keys; newlines may be written as `\\n`.',
  }
}
