import { StoreFaultError } from '../../ground/errors.js'
import type { Observer } from '../../ground/observe/observer.js'
import { toldFault } from '../../ground/store-fault.js'
import type { Stores } from './stores.js'
import { viewOf } from './view-of.js'

/**
 * The same store, of which every fault is told to `observe`, whatever becomes of it: here, so that no caller of a store has
 * to think of it.
 */
export function observed<S extends object>(store: S, name: keyof Stores, observer: Observer): S {
  return viewOf(store, (method, operation) => {
    const tell = (error: unknown) => {
      if (error instanceof StoreFaultError && observer.wantsOrLogs('store.fault'))
        observer.emit('store.fault', { store: name, operation, ...toldFault(error) }, { error })
      throw error
    }
    return (...args) => {
      try {
        const result = method(...args)
        return result instanceof Promise ? result.catch(tell) : result
      } catch (error) {
        return tell(error)
      }
    }
  })
}
