import { expect, it } from 'vitest'
import { entitlementSeconds } from './claim-age.js'

it.each([
  [300, 300, 5, 600],
  [0, 0, 5, 65],
  [30, 0, 0, 60],
  [3600, 0, 300, 3600],
])(
  'plan and features count for window and grace (%i + %i s), and for as long as an ordinary token is accepted',
  (revalidateAfterSeconds, graceSeconds, clockToleranceSeconds, seconds) => {
    const session = { revalidateAfterSeconds, graceSeconds }
    expect(entitlementSeconds({ session, clockToleranceSeconds })).toBe(seconds)
  },
)
