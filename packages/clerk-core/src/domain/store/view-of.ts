type Method = (...args: unknown[]) => unknown

/**
 * A view of a store: `wrap` makes what is called in place of each of its methods. A method that the store gets, loses or
 * replaces later is seen, what it lacks stays `undefined`, and each runs on the store itself, which may have private fields.
 *
 * @param wrap gets the method, bound to the store; called once for each method
 */
export function viewOf<S extends object>(store: S, wrap: (method: Method, name: string) => Method): S {
  const views = new Map<string, { readonly method: unknown; readonly view: Method }>()
  // Not a proxy of the store itself: the proxy of a frozen object has to answer with the object's own methods.
  return new Proxy({} as S, {
    get(_, name) {
      const method: unknown = Reflect.get(store, name, store)
      if (typeof method !== 'function' || typeof name !== 'string') return method
      const known = views.get(name)
      if (known?.method === method) return known.view
      const view = wrap((...args) => Reflect.apply(method, store, args), name)
      views.set(name, { method, view })
      return view
    },
    has: (_, name) => Reflect.has(store, name),
    set: (_, name, value) => Reflect.set(store, name, value),
    getPrototypeOf: () => Reflect.getPrototypeOf(store),
  })
}
