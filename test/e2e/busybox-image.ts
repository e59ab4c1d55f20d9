// An image with a shell and the usual small programs, made of the busybox of this computer.
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Instance } from './instance.ts'

const BUSYBOX = '/bin/busybox'

export const busyboxImage = 'registry.ccs.internal/default/busybox:1'

/** Builds and pushes it. Its user is root, its only command a shell. */
export async function pushBusyboxImage(instance: Instance): Promise<void> {
  const directory = mkdtempSync(path.join(tmpdir(), 'ccs-busybox-'))
  try {
    const bin = path.join(directory, 'root', 'bin')
    mkdirSync(bin, { recursive: true })
    mkdirSync(path.join(directory, 'root', 'tmp'), { mode: 0o1777 })
    copyFileSync(BUSYBOX, path.join(bin, 'busybox'))
    const applets = execFileSync(BUSYBOX, ['--list'], { encoding: 'utf8' }).split('\n')
    for (const applet of applets)
      if (applet !== '' && applet !== 'busybox') symlinkSync('busybox', path.join(bin, applet))
    const lines = ['FROM scratch', 'COPY root /', 'ENV PATH=/bin', 'CMD ["sh"]']
    writeFileSync(path.join(directory, 'Dockerfile'), lines.join('\n'))
    const built = await instance.ccs('image', 'build', directory, '-t', 'busybox:1')
    if (built.code !== 0) throw new Error(`busybox:1 could not be built: ${built.stderr}`)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
