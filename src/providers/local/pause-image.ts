// The image of the process that holds a pod's namespaces: Debian's static catatonit and nothing else,
// packed here so that no machine needs a registry to start its first pod.
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import tar from 'tar-stream'

export const PAUSE_IMAGE = 'registry.ccs.internal/ccs/pause:1'

const CATATONIT = '/usr/bin/catatonit'
/** Go's names of architectures, as images use them. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' }

async function packTar(files: { name: string; mode: number; content: Buffer }[]): Promise<Buffer> {
  const pack = tar.pack()
  // A fixed time, so that the same catatonit always gives the same image.
  for (const { name, mode, content } of files)
    pack.entry({ name, mode, mtime: new Date(0) }, content)
  pack.finalize()
  const chunks: Buffer[] = []
  for await (const chunk of pack) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** An archive as `docker save` writes it (Docker image specification 1.2), ready to be imported. */
export async function buildPauseImage(options: {
  program: Buffer
  architecture: string
}): Promise<Buffer> {
  const layer = await packTar([{ name: 'pause', mode: 0o755, content: options.program }])
  const config = {
    architecture: options.architecture,
    os: 'linux',
    // -P: do nothing but wait and reap.
    config: { Entrypoint: ['/pause', '-P'], User: '65535:65535' },
    rootfs: {
      type: 'layers',
      diff_ids: [`sha256:${createHash('sha256').update(layer).digest('hex')}`],
    },
  }
  const manifest = [{ Config: 'config.json', RepoTags: [PAUSE_IMAGE], Layers: ['layer.tar'] }]
  const json = (value: unknown) => Buffer.from(JSON.stringify(value))
  return packTar([
    { name: 'config.json', mode: 0o644, content: json(config) },
    { name: 'layer.tar', mode: 0o644, content: layer },
    { name: 'manifest.json', mode: 0o644, content: json(manifest) },
  ])
}

/** The pause image for this computer. */
export async function pauseImageArchive(): Promise<Buffer> {
  const architecture = ARCHITECTURES[process.arch]
  if (architecture === undefined)
    throw new Error(`ccs runs on x86_64 and arm64; this computer is ${process.arch}`)
  let program: Buffer
  try {
    program = await readFile(CATATONIT)
  } catch (cause) {
    throw new Error(`cannot read ${CATATONIT}; install the package catatonit`, { cause })
  }
  return buildPauseImage({ program, architecture })
}
