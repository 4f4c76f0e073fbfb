import type { RaceAnswer } from './operations.js'

export const count = (answers: readonly RaceAnswer[], outcome: string) =>
  answers.filter((answer) => answer.outcome === outcome).length

export const times = <T>(length: number, make: (index: number) => T): T[] =>
  Array.from({ length }, (_, i) => make(i))
