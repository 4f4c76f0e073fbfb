import { exclusive } from './ports.js'
import { findProgram, run } from './processes.js'

/** Never on a developer's machine: only as root, and only where CI or REQUIRE_SERVICES says that everything must be there. */
export async function aptAllowed(): Promise<boolean> {
  const asked = [process.env.CI, process.env.REQUIRE_SERVICES].some(
    (value) => value === '1' || value === 'true',
  )
  return asked && process.getuid?.() === 0 && (await findProgram(['apt-get'])) !== null
}

/** Installs Debian packages, one caller on this machine at a time. */
export function aptInstall(...packages: string[]): Promise<void> {
  return exclusive('apt-get', async () => {
    // RUNLEVEL=1 keeps maintainer scripts from starting a system-wide server of their own.
    const env = { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
    await run('apt-get', ['-qq', '-o', 'DPkg::Lock::Timeout=300', 'update'], { env })
    await run(
      'apt-get',
      ['-qq', '-y', '-o', 'DPkg::Lock::Timeout=300', 'install', '--no-install-recommends', ...packages],
      { env },
    )
  })
}
