// The extension library "encoders".
import { CelError } from '../values.ts'
import type { Overload } from './define.ts'
import { globalFunction, traversal } from './define.ts'

function decode(text: string): Uint8Array {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw new CelError('illegal base64 data')
  return Buffer.from(text, 'base64')
}

export const encoders: readonly Overload[] = [
  globalFunction('base64.decode', ['string'], 'bytes', decode, {
    cost: traversal,
    sizeMax: (size) => size,
  }),
  globalFunction(
    'base64.encode',
    ['bytes'],
    'string',
    (bytes) => Buffer.from(bytes).toString('base64'),
    {
      cost: traversal,
      sizeMax: (size) => Math.ceil(size / 3) * 4,
    },
  ),
]
