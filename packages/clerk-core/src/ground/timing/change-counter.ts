/**
 * One number for everything that may change an answer: raised by each change, whatever it is about. What was made at the
 * same number, and within its time, is true without being compared with anything.
 */
export class ChangeCounter {
  value = 0

  readonly raise = (): void => {
    this.value += 1
  }
}
