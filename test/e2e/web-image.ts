// Images with servers of the tests' own, made of the Node.js that runs them: one is a web server that keeps its clients'
// connections.
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Instance } from './instance.ts'

/**
 * It ends at once when it is told to, in the middle of whatever it does: that no request is lost is for others
 * to see to.
 */
const SERVER = `
const { createServer } = require('node:http')
const name = process.env.POD_NAME
createServer((request, response) => {
  response.setHeader('content-type', 'text/plain')
  response.end('version ' + process.env.VERSION + ' on ' + name + '\\n')
}).listen(8080)
process.on('SIGTERM', () => process.exit(0))
`

/** The shared libraries of a program, and its loader. */
function librariesOf(program: string): string[] {
  const lines = execFileSync('ldd', [program], { encoding: 'utf8' }).split('\n')
  return lines.flatMap((line) => /(?:=> )?(\/\S+) \(0x/.exec(line)?.[1] ?? [])
}

export interface NodeImage {
  /** "name:version" in the registry of the instance. */
  tag: string
  /** The program, as CommonJS. */
  script: string
  env?: Readonly<Record<string, string>>
}

/** Builds and pushes images that run a script. */
export async function pushNodeImages(instance: Instance, images: NodeImage[]): Promise<void> {
  const directory = mkdtempSync(path.join(tmpdir(), 'ccs-node-'))
  try {
    for (const file of [process.execPath, ...librariesOf(process.execPath)]) {
      const target = path.join(directory, 'root', file === process.execPath ? '/bin/node' : file)
      mkdirSync(path.dirname(target), { recursive: true })
      copyFileSync(file, target)
    }
    for (const { tag, script, env = {} } of images) {
      writeFileSync(path.join(directory, 'root', 'server.js'), script)
      const lines = [
        'FROM scratch',
        'COPY root /',
        ...Object.entries(env).map(([name, value]) => `ENV ${name}=${value}`),
        'CMD ["/bin/node", "--max-semi-space-size=1", "/server.js"]',
      ]
      writeFileSync(path.join(directory, 'Dockerfile'), lines.join('\n'))
      const built = await instance.ccs('image', 'build', directory, '-t', tag)
      if (built.code !== 0) throw new Error(`${tag} could not be built: ${built.stderr}`)
    }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** Builds and pushes `web:1` and `web:2`, which answer on 8080 with their version. */
export const pushWebImages = (instance: Instance): Promise<void> =>
  pushNodeImages(
    instance,
    ['1', '2'].map((version) => ({
      tag: `web:${version}`,
      script: SERVER,
      env: { VERSION: version },
    })),
  )
