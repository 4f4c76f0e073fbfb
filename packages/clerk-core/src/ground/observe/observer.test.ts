import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { describe, expect, it } from 'vitest'
import type { ClerkEvent } from './events.js'
import { createObserver } from './observer.js'

const observe = () => createObserver(() => 1234)

describe('observe', () => {
  it('delivers a frozen event with its name and time', () => {
    const observer = observe()
    const events: ClerkEvent[] = []
    observer.add((event) => events.push(event))
    observer.emit('cache.hit', { cache: 'token' })
    expect(events).toEqual([{ name: 'cache.hit', at: 1234, cache: 'token' }])
    expect(Object.isFrozen(events[0])).toBe(true)
  })

  it('wants nothing until a listener is added', () => {
    const observer = observe()
    expect(observer.wants('auth.success')).toBe(false)
    const stop = observer.add(() => {})
    expect(observer.wants('auth.success')).toBe(true)
    stop()
    expect(observer.wants('auth.success')).toBe(false)
  })

  it('removes one registration per call, also while delivering', () => {
    const observer = observe()
    let calls = 0
    const listener = () => {
      calls++
      stop()
    }
    const stop = observer.add(listener)
    observer.add(listener)
    observer.emit('cache.hit', { cache: 'token' })
    observer.emit('cache.hit', { cache: 'token' })
    stop()
    observer.emit('cache.hit', { cache: 'token' })
    expect(calls).toBe(4)
  })

  it('is not harmed by a listener that throws or rejects, nor are the others', async () => {
    const rejections: unknown[] = []
    const onRejection = (reason: unknown) => rejections.push(reason)
    process.on('unhandledRejection', onRejection)
    const observer = observe()
    const heard: string[] = []
    observer.add(() => {
      throw new Error('broken')
    })
    observer.add(async () => {
      throw new Error('broken later')
    })
    observer.add(({ name }) => heard.push(name))
    observer.emit('cache.miss', { cache: 'user' })
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', onRejection)
    expect(heard).toEqual(['cache.miss'])
    expect(rejections).toEqual([])
  })

  it('publishes on `acme.clerk.<event>`, also without a listener', () => {
    const observer = observe()
    const messages: unknown[] = []
    const onMessage = (message: unknown) => messages.push(message)
    subscribe('acme.clerk.user.linked', onMessage)
    expect(observer.wants('user.linked')).toBe(true)
    expect(observer.wants('user.provisioned')).toBe(false)
    observer.emit('user.linked', { userId: 'user_1', by: 'external-id' })
    observer.emit('cache.hit', { cache: 'token' })
    unsubscribe('acme.clerk.user.linked', onMessage)
    observer.emit('user.linked', { userId: 'user_2', by: 'external-id' })
    expect(messages).toEqual([{ name: 'user.linked', at: 1234, userId: 'user_1', by: 'external-id' }])
  })
})
