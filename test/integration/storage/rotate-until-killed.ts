// Rotates the key of the store given by argv and dies by kill -9 in the middle: when so many values were encrypted.
import { instanceStorageKeys, storageCodec } from '#main/engine/storage-codec.ts'
import { openFile } from './scratch-store.ts'

const [pki, engine, file, valuesMax] = process.argv.slice(2)

async function rotate(
  paths: { pki: string; engine: string },
  path: string,
  diesAt: number,
): Promise<void> {
  const keys = instanceStorageKeys(paths)
  const codec = storageCodec(keys)
  let coded = 0
  const encode: typeof codec.encode = (key, value) => {
    if (++coded === diesAt) process.kill(process.pid, 'SIGKILL')
    return codec.encode(key, value)
  }
  const store = await openFile(path, { codec: { ...codec, encode } })
  keys.rotate()
  await store.recode()
}

if (pki !== undefined && engine !== undefined && file !== undefined)
  await rotate({ pki, engine }, file, Number(valuesMax))
