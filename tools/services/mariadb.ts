import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { aptAllowed, aptInstall } from './apt.js'
import type { Boot, ServerDefinition } from './definition.js'
import { findProgram, run } from './processes.js'

const FOLDERS = ['/usr/sbin', '/usr/libexec', '/usr/local/sbin', '/opt/homebrew/bin']

const boot =
  (server: string, installer: string): Boot =>
  async ({ folder, port, account }) => {
    const data = join(folder, 'data')
    // The installer and the server must not read /etc/my.cnf, which belongs to another server.
    await run(
      installer,
      ['--no-defaults', `--datadir=${data}`, '--auth-root-authentication-method=normal', '--skip-test-db'],
      { cwd: folder, account },
    )
    const init = join(folder, 'init.sql')
    await writeFile(
      init,
      "CREATE USER 'test'@'%' IDENTIFIED BY 'test';\nGRANT ALL ON *.* TO 'test'@'%' WITH GRANT OPTION;\n",
    )
    return {
      command: server,
      args: [
        '--no-defaults',
        `--datadir=${data}`,
        `--socket=${join(folder, 'socket')}`,
        `--pid-file=${join(folder, 'pid')}`,
        `--init-file=${init}`,
        `--port=${port}`,
        '--bind-address=127.0.0.1',
        '--skip-name-resolve',
        '--character-set-server=utf8mb4',
        '--max-connections=300',
        '--innodb-flush-log-at-trx-commit=0',
      ],
      stopSignal: 'SIGTERM',
      url: `mysql://test:test@127.0.0.1:${port}/mysql`,
    }
  }

async function find(): Promise<Boot | null> {
  const server = await findProgram(['mariadbd', 'mysqld'], FOLDERS)
  const installer = await findProgram(['mariadb-install-db'], FOLDERS)
  return server === null || installer === null ? null : boot(server, installer)
}

export const mariadb: ServerDefinition = {
  name: 'mariadb',
  variable: 'MYSQL_URL',
  accounts: ['mysql'],
  remedy: 'install MariaDB (mariadbd and mariadb-install-db), or set MYSQL_URL',
  find,
  installable: aptAllowed,
  async install() {
    await aptInstall('mariadb-server-core', 'mariadb-client-core')
    return find()
  },
}
