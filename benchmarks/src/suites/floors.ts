import { CHECKS } from '../floors/checks.js'
import { readFloors } from '../floors/floors.js'
import { hold, MARGIN } from '../floors/hold.js'
import { measureCheck } from '../floors/measure-check.js'
import type { Row, Suite } from '../suite.js'
import { createSetup } from '../web/setup.js'

/**
 * Whether the ways that most requests go are as fast as they were, by ratios that a busy machine does not change. Also in a
 * smoke run, whose other ratios mean nothing.
 */
export const floors: Suite = {
  name: 'floors',
  async run() {
    const committed = await readFloors()
    const setup = await createSetup()
    const rows: Row[] = []
    for (const name of Object.keys(CHECKS)) {
      const floor = committed[name]
      if (floor === undefined) throw new Error(`benchmarks/floors.json has no ratio for: ${name}`)
      const { ratios, isHeld } = await hold(() => measureCheck(name, setup), floor)
      rows.push({
        what: name,
        results: ratios.map((value, index) => ({ who: `try ${index + 1}`, value, unit: '×' })),
        targets: [
          {
            text: `≥ ${floor}×, less ${MARGIN * 100} %`,
            met: isHeld,
            alsoInSmoke: true,
          },
        ],
      })
    }
    return rows
  },
}
