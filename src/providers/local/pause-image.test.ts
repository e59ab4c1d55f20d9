import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import tar from 'tar-stream'
import { buildPauseImage, PAUSE_IMAGE } from './pause-image.ts'

async function unpack(archive: Buffer): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>()
  const extract = tar.extract()
  extract.end(archive)
  for await (const entry of extract) {
    const chunks: Buffer[] = []
    for await (const chunk of entry) chunks.push(chunk as Buffer)
    files.set(entry.header.name, Buffer.concat(chunks))
  }
  return files
}

const program = Buffer.from('an executable')
const build = () => buildPauseImage({ program, architecture: 'amd64' })

test('buildPauseImage packs the program as the entrypoint of a named image', async () => {
  const files = await unpack(await build())
  const [manifest] = JSON.parse(files.get('manifest.json')!.toString()) as [
    { Config: string; RepoTags: string[]; Layers: [string] },
  ]
  assert.deepEqual(manifest.RepoTags, [PAUSE_IMAGE])
  const config = JSON.parse(files.get(manifest.Config)!.toString()) as {
    config: { Entrypoint: string[] }
    rootfs: { diff_ids: string[] }
  }
  assert.deepEqual(config.config.Entrypoint, ['/pause', '-P'])
  const layer = files.get(manifest.Layers[0])!
  const digest = createHash('sha256').update(layer).digest('hex')
  assert.deepEqual(config.rootfs.diff_ids, [`sha256:${digest}`])
  assert.deepEqual((await unpack(layer)).get('pause'), program)
})

test('buildPauseImage gives the same bytes for the same program', async () => {
  assert.deepEqual(await build(), await build())
})
