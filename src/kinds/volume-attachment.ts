import type { VolumeAttachment, VolumeAttachmentSource, VolumeError } from './k8s/storage.ts'
import type { FieldError } from './definition.ts'
import { ageColumn, column, nameColumn } from './columns.ts'
import { defineKind } from './define-kind.ts'
import { checkDnsSubdomain } from './names.ts'
import { prepareStatus } from './prepare.ts'
import { volumeAttachments } from './refs.ts'
import { validateCSIDriverName } from './validate/csi-driver.ts'
import { deepEqual } from './validate/equal.ts'
import { IMMUTABLE, invalid, invalidEach, required, tooLong } from './validate/field-error.ts'

export type { VolumeAttachment } from './k8s/storage.ts'

const METADATA_BYTES_MAX = 256 * 1024
const ERROR_BYTES_MAX = 1024

export const volumeAttachmentKind = defineKind<VolumeAttachment>({
  ref: volumeAttachments,
  schema: 'io.k8s.api.storage.v1.VolumeAttachment',
  subresources: ['status'],
  defaults(attachment) {
    const spec = (attachment.spec ??= { attacher: '', nodeName: '', source: {} })
    spec.attacher ??= ''
    spec.nodeName ??= ''
    spec.source ??= {}
  },
  validate: (attachment, old) => [
    ...validateAttachment(attachment),
    ...(old === undefined || deepEqual(attachment.spec, old.spec)
      ? []
      : [invalid('spec', attachment.spec, IMMUTABLE)]),
  ],
  prepare: prepareStatus({ initial: () => ({ attached: false }) }),
  columns: [
    nameColumn,
    column('Attacher', 'Which driver attaches it.', ({ spec }) => spec.attacher),
    column('PV', 'The volume.', ({ spec }) => spec.source.persistentVolumeName ?? ''),
    column('Node', 'Where to.', ({ spec }) => spec.nodeName),
    column(
      'Attached',
      'Whether it is attached.',
      ({ status }) => status?.attached ?? false,
      'boolean',
    ),
    ageColumn,
  ],
})

function validateAttachment({ spec, status }: VolumeAttachment): FieldError[] {
  const errors = validateCSIDriverName(spec.attacher, 'spec.attacher')
  errors.push(...validateSource(spec.source, 'spec.source'))
  errors.push(
    ...(spec.nodeName
      ? invalidEach('spec.nodeName', spec.nodeName, checkDnsSubdomain(spec.nodeName))
      : [invalid('spec.nodeName', '', 'name part must be non-empty')]),
  )
  const { attachmentMetadata = {}, attachError, detachError } = status ?? {}
  let sizeBytes = 0
  for (const [key, value] of Object.entries(attachmentMetadata))
    sizeBytes += Buffer.byteLength(key) + Buffer.byteLength(value)
  if (sizeBytes > METADATA_BYTES_MAX)
    errors.push(tooLong('status.attachmentMetadata', METADATA_BYTES_MAX))
  return [
    ...errors,
    ...validateVolumeError(attachError, 'status.attachError'),
    ...validateVolumeError(detachError, 'status.detachError'),
  ]
}

function validateSource(
  { inlineVolumeSpec, persistentVolumeName }: VolumeAttachmentSource,
  field: string,
): FieldError[] {
  if (inlineVolumeSpec === undefined && persistentVolumeName === undefined)
    return [
      required(field, 'must specify exactly one of inlineVolumeSpec and persistentVolumeName'),
    ]
  if (inlineVolumeSpec !== undefined && persistentVolumeName !== undefined)
    return [
      invalid(
        field,
        { inlineVolumeSpec, persistentVolumeName },
        'must specify exactly one of inlineVolumeSpec and persistentVolumeName',
      ),
    ]
  if (inlineVolumeSpec !== undefined || persistentVolumeName) return []
  return [required(`${field}.persistentVolumeName`, 'must specify non empty persistentVolumeName')]
}

function validateVolumeError(error: VolumeError | undefined, field: string): FieldError[] {
  if (Buffer.byteLength(error?.message ?? '') <= ERROR_BYTES_MAX) return []
  return [tooLong(`${field}.message`, ERROR_BYTES_MAX)]
}
