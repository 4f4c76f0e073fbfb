import { memoryStore, StoreUnavailableError } from '@acme/clerk-core'

type Stores = ReturnType<typeof memoryStore>
type StoreName = 'users' | 'organizations' | 'inbox'

const WRITES = /^(apply|remove|link|touch|purge)/

/** Stores over one memory, of which calls hang or fail while the test says so. Several processes may have them. */
export function faultyStores() {
  const inner = memoryStore()
  let fault: (store: StoreName, method: string) => unknown = () => undefined

  const around = <S extends object>(name: StoreName, store: S): S =>
    new Proxy(store, {
      get(target, method) {
        const member: unknown = Reflect.get(target, method)
        if (typeof member !== 'function' || typeof method !== 'string') return member
        return async (...args: unknown[]) => {
          await fault(name, method)
          return Reflect.apply(member, target, args)
        }
      },
    })

  const down = (): never => {
    throw new StoreUnavailableError('down')
  }
  return {
    stores: {
      users: around('users', inner.users),
      organizations: around('organizations', inner.organizations),
      inbox: around('inbox', inner.inbox),
    } as Stores,
    /** Every call is sent, and never answered: a database behind a silent socket. */
    hang(...names: readonly StoreName[]) {
      fault = (store) =>
        names.length === 0 || names.includes(store) ? new Promise(() => undefined) : undefined
    },
    /** Rows can be read, and not written; the log works. */
    refuseRows() {
      fault = (store, method) => (store !== 'inbox' && WRITES.test(method) ? down() : undefined)
    },
    /** The log can be read, and not written. */
    refuseLog() {
      fault = (store, method) => (store === 'inbox' && method === 'append' ? down() : undefined)
    },
    repair() {
      fault = () => undefined
    },
  }
}
