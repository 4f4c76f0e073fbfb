import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Boot, ServerDefinition } from './definition.js'
import { exclusive, SERVICES_FOLDER } from './ports.js'
import { exists, findProgram, run } from './processes.js'

const PROJECT = fileURLToPath(new URL('mongo-java-server', import.meta.url))
const JARS = join(SERVICES_FOLDER, 'mongo-java-server-1.47.0')

const url = (port: number) => `mongodb://127.0.0.1:${port}`

const mongod =
  (program: string): Boot =>
  async ({ folder, port }) => ({
    command: program,
    args: ['--dbpath', folder, '--port', String(port), '--bind_ip', '127.0.0.1', '--nounixsocket'],
    stopSignal: 'SIGTERM',
    url: url(port),
  })

const mongoJavaServer =
  (java: string): Boot =>
  async ({ port }) => ({
    command: java,
    args: ['-Xmx1g', '-cp', join(JARS, '*'), join(PROJECT, 'Main.java'), String(port)],
    stopSignal: 'SIGTERM',
    url: url(port),
  })

const jdkFolders = () => (process.env.JAVA_HOME ? [join(process.env.JAVA_HOME, 'bin')] : [])

/** `java` of a JDK: it compiles `Main.java` itself, which a bare runtime cannot. */
async function findJava(): Promise<string | null> {
  const compiler = await findProgram(['javac'], jdkFolders())
  return compiler === null ? null : findProgram(['java'], jdkFolders())
}

/** Copies the server and what it needs out of Maven Central, all or nothing. */
async function fetchJars(maven: string): Promise<void> {
  await exclusive('mongo-java-server', async () => {
    if (await exists(JARS)) return
    await mkdir(SERVICES_FOLDER, { recursive: true })
    const scratch = await mkdtemp(join(SERVICES_FOLDER, 'jars-'))
    try {
      await run(maven, [
        ...['--quiet', '--batch-mode', '--file', join(PROJECT, 'pom.xml')],
        ...['dependency:copy-dependencies', `-DoutputDirectory=${scratch}`],
      ])
      await rename(scratch, JARS)
    } finally {
      await rm(scratch, { recursive: true, force: true })
    }
  })
}

export const mongodb: ServerDefinition = {
  name: 'mongodb',
  variable: 'MONGODB_URL',
  accounts: [],
  remedy: 'install mongod, or a JDK and Maven (for mongo-java-server), or set MONGODB_URL',
  async find() {
    const program = await findProgram(['mongod'])
    if (program !== null) return mongod(program)
    const java = await findJava()
    return java !== null && (await exists(JARS)) ? mongoJavaServer(java) : null
  },
  installable: async () => (await findJava()) !== null && (await findProgram(['mvn'])) !== null,
  async install() {
    const [java, maven] = [await findJava(), await findProgram(['mvn'])]
    if (java === null || maven === null) return null
    await fetchJars(maven)
    return mongoJavaServer(java)
  },
}
