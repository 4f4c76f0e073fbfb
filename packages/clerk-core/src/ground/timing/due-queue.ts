/** Items that are due at some time. Items that are not due yet cost nothing. */
export interface DueQueue<T> {
  /** Adds the item, or moves it to another time. */
  set(item: T, at: number): void
  delete(item: T): void
  /** Removes and returns every item that is due, the earliest first. */
  takeDue(now: number): T[]
}

interface Node<T> {
  readonly at: number
  readonly item: T
}

/** A heap is rebuilt when it holds more outdated nodes than this besides its items. */
const OUTDATED_NODES = 1024

/**
 * A binary heap. A node whose item was moved or deleted stays until it comes up, or until there are too many of them:
 * finding it would cost as much as all others together.
 */
export function createDueQueue<T>(): DueQueue<T> {
  const times = new Map<T, number>()
  let heap: Node<T>[] = []

  return {
    set(item, at) {
      if (times.get(item) === at) return
      times.set(item, at)
      push({ at, item })
      if (heap.length > 2 * times.size + OUTDATED_NODES) rebuild()
    },
    delete: (item) => void times.delete(item),
    takeDue(now) {
      const due: T[] = []
      for (let first = heap[0]; first !== undefined && first.at <= now; first = heap[0]) {
        shift()
        if (times.get(first.item) !== first.at) continue
        times.delete(first.item)
        due.push(first.item)
      }
      return due
    },
  }

  function rebuild(): void {
    heap = [...times].map(([item, at]) => ({ at, item })).sort((a, b) => a.at - b.at)
  }

  function push(node: Node<T>): void {
    let index = heap.length
    while (index > 0) {
      const parentIndex = (index - 1) >> 1
      const parent = heap[parentIndex] as Node<T>
      if (parent.at <= node.at) break
      heap[index] = parent
      index = parentIndex
    }
    heap[index] = node
  }

  function shift(): void {
    const last = heap.pop() as Node<T>
    if (heap.length === 0) return
    let index = 0
    for (;;) {
      const left = 2 * index + 1
      if (left >= heap.length) break
      const right = left + 1
      const smaller =
        right < heap.length && (heap[right] as Node<T>).at < (heap[left] as Node<T>).at ? right : left
      const child = heap[smaller] as Node<T>
      if (child.at >= last.at) break
      heap[index] = child
      index = smaller
    }
    heap[index] = last
  }
}
