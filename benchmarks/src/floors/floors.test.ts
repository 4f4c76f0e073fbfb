import { expect, it, test } from 'vitest'
import { createSetup } from '../web/setup.js'
import { CHECKS } from './checks.js'
import { readFloors } from './floors.js'
import { hold } from './hold.js'
import { measureCheck } from './measure-check.js'

const of = (ratios: number[]) => async () => ratios.shift() ?? Number.NaN

test('a ratio holds when one of three tries is less than 15 % below its floor', async () => {
  expect(await hold(of([0.85]), 1)).toEqual({ ratios: [0.85], isHeld: true })
  expect(await hold(of([0.5, 0.84, 0.9]), 1)).toEqual({ ratios: [0.5, 0.84, 0.9], isHeld: true })
  expect(await hold(of([0.5, 0.84, 0.84, 2]), 1)).toEqual({ ratios: [0.5, 0.84, 0.84], isHeld: false })
  expect(await hold(of([Number.NaN, Number.NaN, Number.NaN]), 1)).toMatchObject({ isHeld: false })
})

test('each check has a floor, and each floor a check', async () => {
  expect(Object.keys(await readFloors()).sort()).toEqual(Object.keys(CHECKS).sort())
})

it('notices a hit that takes longer: here the clock that it asks does some work', async () => {
  const name = 'token again, to Auth, against SHA-256 and a lookup'
  const setup = await createSetup()
  const floor = (await readFloors())[name] ?? Number.NaN
  const slowed = await measureCheck(name, { ...setup, slowClock: 3 })
  expect(await hold(async () => slowed, floor)).toMatchObject({ isHeld: false })
}, 600_000)
