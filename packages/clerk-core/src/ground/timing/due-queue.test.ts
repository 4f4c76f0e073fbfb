import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createDueQueue } from './due-queue.js'

test('whatever is added, moved and deleted, what is due comes once, the earliest first', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('set' as const), item: fc.nat(9), at: fc.nat(20) }),
    fc.record({ kind: fc.constant('delete' as const), item: fc.nat(9) }),
    fc.record({ kind: fc.constant('take' as const), now: fc.nat(20) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const queue = createDueQueue<number>()
      const expected = new Map<number, number>()
      for (const one of steps) {
        if (one.kind === 'set') {
          queue.set(one.item, one.at)
          expected.set(one.item, one.at)
        } else if (one.kind === 'delete') {
          queue.delete(one.item)
          expected.delete(one.item)
        } else {
          const due = [...expected].filter(([, at]) => at <= one.now)
          const taken = queue.takeDue(one.now)
          expect([...taken].sort()).toEqual(due.map(([item]) => item).sort())
          const times = taken.map((item) => expected.get(item) as number)
          expect(times).toEqual([...times].sort((a, b) => a - b))
          for (const [item] of due) expected.delete(item)
        }
      }
    }),
  )
})

test('an item that is moved over and over does not make the queue grow', () => {
  const queue = createDueQueue<string>()
  for (let at = 100_000; at > 0; at--) queue.set('one', at)
  expect(queue.takeDue(1)).toEqual(['one'])
  expect(queue.takeDue(200_000)).toEqual([])
})
