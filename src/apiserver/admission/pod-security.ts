// Pods are held to the Pod Security Standards as the labels of their namespace ask.
// https://kubernetes.io/docs/concepts/security/pod-security-admission/
import type { Namespace, Pod, PodTemplateSpec } from '#kinds/k8s/core.ts'
import { deepEqual } from '#kinds/validate/equal.ts'
import { forbidden, invalidObject } from '../api-errors.ts'
import { apiLimits } from '../limits.ts'
import { detailsOf, reasonsOf, violations } from '../pod-security/evaluate.ts'
import { isStricter, type LevelVersion, policyText, readPolicy } from '../pod-security/policy.ts'
import { allContainers, type CheckedPod } from '../pod-security/violation.ts'
import type { AdmissionPlugin, AdmissionRequest, ObjectReader } from './plugin.ts'

/** Where kinds that make pods have the template of them. */
const TEMPLATES: Readonly<Record<string, (object: Templated) => PodTemplateSpec | undefined>> = {
  '/podtemplates': ({ template }) => template,
  '/replicationcontrollers': ({ spec }) => spec?.template,
  'apps/replicasets': ({ spec }) => spec?.template,
  'apps/deployments': ({ spec }) => spec?.template,
  'apps/statefulsets': ({ spec }) => spec?.template,
  'apps/daemonsets': ({ spec }) => spec?.template,
  'batch/jobs': ({ spec }) => spec?.template,
  'batch/cronjobs': ({ spec }) => spec?.jobTemplate?.spec?.template,
}

interface Templated {
  template?: PodTemplateSpec
  spec?: {
    template?: PodTemplateSpec
    jobTemplate?: { spec?: { template?: PodTemplateSpec } }
  }
}

export function podSecurity(reader: ObjectReader): AdmissionPlugin {
  return {
    name: 'PodSecurity',
    validate(request) {
      const { operation, group, resource, subresource, object } = request
      if (operation === 'DELETE' || object === undefined) return
      const kind = `${group}/${resource}`
      if (kind === '/namespaces') {
        if (subresource === undefined) checkNamespace(request, reader)
      } else if (kind === '/pods') checkPod(request, reader)
      else if (subresource === undefined) {
        const template = TEMPLATES[kind]?.(object as Templated)
        if (template?.spec !== undefined) warnOf(request, reader, template)
      }
    },
  }
}

function policyFor({ namespace }: AdmissionRequest, reader: ObjectReader) {
  const found = reader.get('', 'namespaces', undefined, namespace ?? '')
  return readPolicy(found?.metadata.labels).policy
}

/** Of a pod that is there, images and ephemeral containers can change what it may do. */
function checkPod(request: AdmissionRequest, reader: ObjectReader): void {
  const { subresource, old, group, resource, name } = request
  if (subresource !== undefined && subresource !== 'ephemeralcontainers') return
  const pod = request.object as Pod
  if (old !== undefined && !isSignificant(pod, old as Pod)) return
  const { enforce, audit, warn } = policyFor(request, reader)
  note(request, 'enforce-policy', policyText(enforce))
  noteViolations(request, pod, audit)
  const found = violations(pod, enforce)
  if (found.length > 0)
    throw forbidden(
      { group, resource },
      name,
      `violates PodSecurity "${policyText(enforce)}": ${detailsOf(found)}`,
    )
  warnIfViolated(request, pod, warn)
}

const isSignificant = (pod: Pod, old: Pod): boolean =>
  !deepEqual(imagesOf(pod), imagesOf(old)) ||
  !deepEqual(pod.metadata.annotations, old.metadata.annotations)

const imagesOf = ({ spec }: Pod): string[][] =>
  allContainers(spec).map(({ name, image = '' }) => [name, image])

function warnOf(request: AdmissionRequest, reader: ObjectReader, template: PodTemplateSpec): void {
  if (template.spec === undefined) return
  const pod = { metadata: template.metadata ?? {}, spec: template.spec }
  const { audit, warn } = policyFor(request, reader)
  noteViolations(request, pod, audit)
  warnIfViolated(request, pod, warn)
}

/** Audit annotations of https://kubernetes.io/docs/reference/labels-annotations-taints/audit-annotations/ */
function note({ auditAnnotations }: AdmissionRequest, key: string, value: string): void {
  if (auditAnnotations !== undefined) auditAnnotations[`pod-security.kubernetes.io/${key}`] = value
}

function noteViolations(request: AdmissionRequest, pod: CheckedPod, audit: LevelVersion): void {
  if (request.auditAnnotations === undefined) return
  const found = violations(pod, audit)
  if (found.length > 0) note(request, 'audit-violations', violationText(audit, found))
}

function warnIfViolated(request: AdmissionRequest, pod: CheckedPod, warn: LevelVersion): void {
  const found = violations(pod, warn)
  if (found.length > 0) request.warnings?.push(violationText(warn, found))
}

const violationText = (level: LevelVersion, found: ReturnType<typeof violations>): string =>
  `would violate PodSecurity "${policyText(level)}": ${detailsOf(found)}`

function checkNamespace(request: AdmissionRequest, reader: ObjectReader): void {
  const { metadata } = request.object as Namespace
  const now = readPolicy(metadata.labels)
  const before = request.old && readPolicy(request.old.metadata.labels)
  const isNews = before === undefined || !deepEqual(now.errors, before.errors)
  if (now.errors.length > 0 && isNews)
    throw invalidObject({ group: '', kind: 'Namespace' }, request.name, now.errors)
  if (before === undefined) return
  const { enforce } = now.policy
  const old = before.policy.enforce
  const isRelaxed = enforce.version === old.version && !isStricter(enforce, old)
  if (enforce.level === 'privileged' || isRelaxed) return
  for (const text of podWarnings(reader, request.name, enforce)) request.warnings?.push(text)
}

/** Which pods of a namespace would not be let in any more; those alike are one line. */
function podWarnings(reader: ObjectReader, namespace: string, enforce: LevelVersion): string[] {
  const all = reader.list('', 'pods', namespace) as Pod[]
  const checked = all.slice(0, apiLimits.podsCheckedMax)
  const names = new Map<string, string[]>()
  for (const pod of checked) {
    const reasons = reasonsOf(violations(pod, enforce))
    if (reasons === '') continue
    names.set(reasons, [...(names.get(reasons) ?? []), pod.metadata.name])
  }
  const warnings: string[] = []
  if (checked.length < all.length)
    warnings.push(
      `new PodSecurity enforce level only checked against the first ${checked.length} of ${all.length} existing pods`,
    )
  if (names.size > 0)
    warnings.push(
      `existing pods in namespace "${namespace}" violate the new PodSecurity enforce level "${policyText(enforce)}"`,
    )
  const lines = [...names].map(([reasons, pods]) => `${podsText(pods.toSorted())}: ${reasons}`)
  return [...warnings, ...lines.toSorted()]
}

function podsText([first = '', ...others]: readonly string[]): string {
  if (others.length === 0) return first
  return `${first} (and ${others.length} other ${others.length === 1 ? 'pod' : 'pods'})`
}
