import { StoreFaultError } from '../../ground/errors.js'
import type { Observer } from '../../ground/observe/observer.js'
import { toldFault } from '../../ground/store-fault.js'
import type { Stores } from './stores.js'

/**
 * The same store, of which every fault is told to `observe`, whatever becomes of it: here, so that no caller of a store has
 * to think of it. Methods run on the store itself, which may have private fields, and what it lacks stays `undefined`.
 */
export function observed<S extends object>(store: S, name: keyof Stores, observer: Observer): S {
  const wrapped = new Map<PropertyKey, { readonly method: unknown; readonly told: unknown }>()
  const tell = (operation: string) => (error: unknown) => {
    if (error instanceof StoreFaultError && observer.wantsOrLogs('store.fault'))
      observer.emit('store.fault', { store: name, operation, ...toldFault(error) }, { error })
    throw error
  }
  return new Proxy(store, {
    get(target, key) {
      const method: unknown = Reflect.get(target, key, target)
      if (typeof method !== 'function' || typeof key !== 'string') return method
      const known = wrapped.get(key)
      // A method may be replaced later, as tests do.
      if (known?.method === method) return known.told
      const told = (...args: unknown[]): unknown => {
        try {
          const result: unknown = Reflect.apply(method, target, args)
          return result instanceof Promise ? result.catch(tell(key)) : result
        } catch (error) {
          return tell(key)(error)
        }
      }
      wrapped.set(key, { method, told })
      return told
    },
  })
}
