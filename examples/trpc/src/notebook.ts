import { randomUUID } from 'node:crypto'
import { EventEmitter, on } from 'node:events'

export interface Note {
  readonly id: string
  readonly authorId: string
  readonly text: string
  readonly createdAt: string
}

/** Notes in memory, by organisation. */
export class Notebook {
  readonly #notes = new Map<string, Note[]>()
  readonly #changes = new EventEmitter()

  list(orgId: string): readonly Note[] {
    return this.#notes.get(orgId) ?? []
  }

  add(orgId: string, authorId: string, text: string): Note {
    const note = { id: randomUUID(), authorId, text, createdAt: new Date().toISOString() }
    this.#notes.set(orgId, [note, ...this.list(orgId)])
    this.#changes.emit(orgId)
    return note
  }

  remove(orgId: string, id: string): boolean {
    const left = this.list(orgId).filter((note) => note.id !== id)
    if (left.length === this.list(orgId).length) return false
    this.#notes.set(orgId, left)
    this.#changes.emit(orgId)
    return true
  }

  /** Yields how many notes there are: at once, and after every change. */
  async *changes(orgId: string, signal: AbortSignal): AsyncGenerator<number> {
    // Listening starts before the first value, so that nothing falls between them.
    const changes = on(this.#changes, orgId, { signal })
    yield this.list(orgId).length
    for await (const _ of changes) yield this.list(orgId).length
  }
}
