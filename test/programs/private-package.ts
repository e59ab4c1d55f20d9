// Programs of Debian packages, unpacked into a directory of the test: nothing is installed on the computer.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readdir } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const DOWNLOAD_TIMEOUT_MS = 120_000

/**
 * The directory into which the package was unpacked, or the reason why there is none: no apt here, or its
 * archive is out of reach.
 */
export async function unpackPackage(
  name: string,
  directory: string,
): Promise<{ root: string } | { missing: string }> {
  if (!existsSync('/usr/bin/apt-get')) return { missing: `${name}: this is no Debian` }
  const work = path.join(directory, name)
  const root = path.join(work, 'root')
  await mkdir(root, { recursive: true })
  const options = { cwd: work, timeout: DOWNLOAD_TIMEOUT_MS }
  try {
    await run('apt-get', ['download', name], options).catch(async () => {
      // A new computer has no list of packages yet.
      await run('apt-get', ['update'], options)
      await run('apt-get', ['download', name], options)
    })
  } catch (error) {
    return { missing: `${name} could not be fetched: ${(error as Error).message.split('\n')[0]}` }
  }
  const file = (await readdir(work)).find((entry) => entry.endsWith('.deb'))!
  await run('dpkg', ['-x', file, root], options)
  return { root }
}
