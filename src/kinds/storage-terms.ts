// What claims and volumes have in common.
import type { Metadata, Quantity } from './object.ts'

/** Where the class was named before there was a field for it. */
export const BETA_STORAGE_CLASS = 'volume.beta.kubernetes.io/storage-class'

interface Classed {
  metadata: Metadata
  spec: { storageClassName?: string | undefined }
}

export const storageClassOf = ({ metadata, spec }: Classed): string =>
  metadata.annotations?.[BETA_STORAGE_CLASS] ?? spec.storageClassName ?? ''

/** In the order in which they are shown. */
const SHORT_MODES: Readonly<Record<string, string>> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
}

/** "RWO,RWX" */
export const accessModesCell = (modes: readonly string[] = []): string =>
  Object.entries(SHORT_MODES)
    .filter(([mode]) => modes.includes(mode))
    .map(([, short]) => short)
    .join(',')

export const storageCell = (amounts: Record<string, Quantity> | undefined): string =>
  String(amounts?.['storage'] ?? '0')
