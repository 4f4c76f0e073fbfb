import { expect, it } from 'vitest'
import { StoreUnavailableError } from '../../../ground/errors.js'
import { type Decision, decideApply, type Known, tooManyWriters } from './convergence.js'

it.each<[what: string, known: Known | null, version: number, decision: Decision]>([
  ['a snapshot without a row creates it', null, 5, 'create'],
  ['claims without a row create it', null, 0, 'create'],
  ['a higher version is written', { version: 5 }, 6, 'write'],
  ['an equal version is written: the later write wins', { version: 5 }, 5, 'write'],
  ['a lower version is stale', { version: 5 }, 4, 'stale'],
  ['a snapshot is written over what claims made', { version: 0, isBare: false }, 1, 'write'],
  ['claims are stale where Clerk has spoken', { version: 5, isBare: false }, 0, 'stale'],
  ['claims fill a row that has nothing but its id', { version: 0, isBare: true }, 0, 'write'],
  ['claims overwrite nothing, not even earlier claims', { version: 0, isBare: false }, 0, 'unchanged'],
  ['version 0 of what is not built from claims is a version as any', { version: 0 }, 0, 'write'],
  ['nothing outbids an erased row', { version: Number.MAX_SAFE_INTEGER }, 8.64e15, 'stale'],
])('%s', (_, known, version, decision) => {
  expect(decideApply(known, version)).toBe(decision)
})

it('a write that other writers got ahead of each time is an outage', () => {
  expect(tooManyWriters('one row')).toBeInstanceOf(StoreUnavailableError)
})
