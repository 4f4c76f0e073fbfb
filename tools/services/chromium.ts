import { aptAllowed, aptInstall } from './apt.js'
import { exists, findProgram } from './processes.js'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
const FOLDERS = [
  '/Applications/Google Chrome.app/Contents/MacOS',
  '/Applications/Chromium.app/Contents/MacOS',
]

const find = () => findProgram([...NAMES, 'Google Chrome', 'Chromium'], FOLDERS)

export const CHROMIUM_REMEDY = 'install Chromium or Chrome, or set CHROMIUM_PATH'

/** Path of a Chromium or Chrome. `null`: there is none and none may be installed. */
export async function findChromium(): Promise<string | null> {
  const given = process.env.CHROMIUM_PATH
  if (given) {
    if (await exists(given)) return given
    throw new Error(`CHROMIUM_PATH names ${given}, which cannot be run`)
  }
  const found = await find()
  if (found !== null || !(await aptAllowed())) return found
  await aptInstall('chromium')
  return find()
}
