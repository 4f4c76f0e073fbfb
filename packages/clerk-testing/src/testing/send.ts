import type { OfflineClerk } from '../options.js'
import { operationOf } from '../server/operation.js'
import type { OperationId } from '../tables/operations.js'

export interface Sending {
  path?: Record<string, string>
  query?: Record<string, string | number | boolean | readonly string[]>
  body?: unknown
  /** Sent as a form with a file. */
  file?: string
  key?: string
}

/** As loose as what JSON.parse returns: the schemas check answers, a test reads what it is about. */
export type Answer = ReturnType<typeof JSON.parse>

/** Sends operations of the Backend API by their id. */
export function sender(offline: OfflineClerk) {
  const answer = async (id: OperationId, given: Sending = {}) => {
    const { method, path } = operationOf(id)
    const url = new URL(
      `/v1${path.replaceAll(/\{(\w+)\}/g, (_, name: string) => given.path?.[name] ?? `no_${name}`)}`,
      offline.url,
    )
    for (const [name, value] of Object.entries(given.query ?? {})) {
      for (const one of [value].flat()) url.searchParams.append(name, String(one))
    }
    const form = new FormData()
    if (given.file !== undefined) form.set('file', new Blob([given.file], { type: 'image/png' }), 'a.png')
    return fetch(url, {
      method,
      headers: {
        authorization: `Bearer ${given.key ?? offline.secretKey}`,
        ...(given.body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body: given.file === undefined ? (given.body === undefined ? null : JSON.stringify(given.body)) : form,
    })
  }
  return {
    /** The answer's JSON; throws for an error. */
    send: async (id: OperationId, given?: Sending): Promise<Answer> => {
      const response = await answer(id, given)
      const text = await response.text()
      if (!response.ok) throw new Error(`${id} answered ${response.status}: ${text}`)
      return text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : {}
    },
    /** Status and first error code of a refusal. */
    refusal: async (id: OperationId, given?: Sending): Promise<[number, string | undefined]> => {
      const response = await answer(id, given)
      const json = (await response.json()) as { errors?: { code: string }[] }
      return [response.status, json.errors?.[0]?.code]
    },
  }
}
