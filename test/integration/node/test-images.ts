// Images for the tests, made of programs of this computer: nothing is downloaded.
import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { type Header, pack } from 'tar-stream'

interface Entry extends Partial<Header> {
  name: string
  content?: Buffer | string
}

async function tarOf(entries: readonly Entry[]): Promise<Buffer> {
  const archive = pack()
  for (const { content, ...header } of entries) archive.entry(header, content ?? '')
  archive.finalize()
  return buffer(archive)
}

const digestOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

interface ImageRecipe {
  name: string
  entries: readonly Entry[]
  command: string[]
}

async function writeImage(file: string, { name, entries, command }: ImageRecipe): Promise<void> {
  const layer = await tarOf(entries)
  const config = Buffer.from(
    JSON.stringify({
      architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
      os: 'linux',
      config: { Cmd: command, Env: ['PATH=/bin'] },
      rootfs: { type: 'layers', diff_ids: [`sha256:${digestOf(layer)}`] },
    }),
  )
  const configName = `${digestOf(config)}.json`
  const manifest = [{ Config: configName, RepoTags: [name], Layers: ['layer.tar'] }]
  const parts = [
    { name: configName, content: config },
    { name: 'layer.tar', content: layer },
    { name: 'manifest.json', content: JSON.stringify(manifest) },
  ]
  await writeFile(file, await tarOf(parts))
}

const APPLETS = 'sh sleep echo cat env hostname id ls wget httpd true false mount kill touch test'

export const busyboxImage = 'test.local/busybox:1'
export const pauseImage = 'test.local/pause:1'

export async function writeTestImages(directory: string): Promise<string[]> {
  const files = [`${directory}/busybox.tar`, `${directory}/pause.tar`]
  await writeImage(files[0]!, {
    name: busyboxImage,
    entries: [
      { name: 'bin', type: 'directory' },
      { name: 'tmp', type: 'directory', mode: 0o1777 },
      { name: 'bin/busybox', mode: 0o755, content: await readFile('/bin/busybox') },
      ...APPLETS.split(' ').map((name) => ({
        name: `bin/${name}`,
        type: 'symlink' as const,
        linkname: 'busybox',
      })),
    ],
    command: ['sh'],
  })
  await writeImage(files[1]!, {
    name: pauseImage,
    entries: [{ name: 'pause', mode: 0o755, content: await readFile('/usr/bin/catatonit') }],
    command: ['/pause', '-P'],
  })
  return files
}
