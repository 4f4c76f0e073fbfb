import { describe, expect, test } from 'vitest'
import { StoreFaultError } from '../../ground/errors.js'
import { createObserver } from '../../ground/observe/observer.js'
import { boundStores } from './bounded-stores.js'
import { memoryStore } from './memory/memory-store.js'
import { observed } from './observed.js'
import type { UserStore } from './user.js'

/** As `createClerk` does it: the time limit inside, so that a fault is told once whatever became of the call. */
function wrapped(users: UserStore) {
  const observer = createObserver(() => 0)
  const told: string[] = []
  observer.add((event) => event.name === 'store.fault' && told.push(event.operation))
  const calls: Promise<unknown>[] = []
  const bounded = boundStores(
    { users },
    {
      storeTimeoutSeconds: 1,
      track: (call) => {
        calls.push(call)
        return call
      },
    },
  )
  return { store: observed(bounded.users as UserStore, 'users', observer), told, calls }
}

/** What a class of an application may be like. */
class PrivateStore implements UserStore {
  readonly #inner = memoryStore().users
  findByClerkId = undefined as never
  apply: UserStore['apply'] = (snapshot) => this.#inner.apply(snapshot)
  remove(clerkId: string, at: number) {
    return this.#inner.remove(clerkId, at)
  }
}

describe('a store inside both of its views', () => {
  test('may be frozen', async () => {
    const { store, calls } = wrapped(Object.freeze({ ...memoryStore().users }))
    expect(await store.findByClerkId('user_1')).toBeNull()
    expect(calls).toHaveLength(1)
  })

  test('may have private fields, and lacks what it lacks', async () => {
    const { store } = wrapped(new PrivateStore())
    expect(await store.remove('user_1', 1)).toMatchObject({ clerkId: 'user_1' })
    expect(store.touch).toBeUndefined()
    expect('touch' in store).toBe(false)
    expect('remove' in store).toBe(true)
  })

  test('tells a fault once, by the name of the call, and rejects with it', async () => {
    const users = memoryStore().users
    const fault = new StoreFaultError({
      fault: 'required',
      driverCode: 'P2011',
      model: 'user',
      remedy: 'mend it',
    })
    const { store, told } = wrapped(users)
    users.remove = () => Promise.reject(fault)
    await expect(store.remove('user_1', 1)).rejects.toBe(fault)
    expect(told).toEqual(['remove'])
  })

  test('gives the same function for the same method', () => {
    const { store } = wrapped(memoryStore().users)
    expect(store.apply).toBe(store.apply)
  })
})
