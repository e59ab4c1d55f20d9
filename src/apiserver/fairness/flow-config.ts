// What the stored flow schemas and priority levels say, in the form requests are held against.
import type {
  FlowSchema,
  PriorityLevelConfiguration,
  QueuingConfiguration,
} from '#kinds/k8s/flowcontrol.ts'
import type { KubeObject } from '#kinds/object.ts'
import { fairnessObjects } from './fairness-objects.ts'
import { compileRules, type FlowRule } from './flow-rules.ts'

export interface LevelSpec {
  name: string
  uid: string
  /** Its requests never wait for other requests of their cluster. */
  isExempt: boolean
  shares: number
  lendablePercent: number
  /** Of its own seats; Infinity where nothing bounds it. */
  borrowingLimitPercent: number
  /** Requests beyond the limit are refused where there is none. */
  queuing: Required<{ [K in keyof QueuingConfiguration]: number }> | undefined
}

export interface FlowSchemaSpec {
  name: string
  uid: string
  level: string
  distinguisher: 'ByUser' | 'ByNamespace' | undefined
  rules: readonly FlowRule[]
}

export interface FlowConfig {
  /** In the order in which they are asked; the last one is taken when none fits. */
  schemas: readonly FlowSchemaSpec[]
  levels: readonly LevelSpec[]
}

/** What every cluster stands on: these are as they are, whatever is stored under their names. */
const MANDATORY_SCHEMAS = ['exempt', 'probes', 'catch-all']
const MANDATORY_LEVELS = ['exempt', 'catch-all']
const CATCH_ALL = 'catch-all'

const builtin = <T extends KubeObject>(kind: string, names: readonly string[]): T[] =>
  fairnessObjects.filter(
    (object) => object.kind === kind && names.includes(object.metadata.name),
  ) as T[]

const mandatorySchemas = builtin<FlowSchema>('FlowSchema', MANDATORY_SCHEMAS)
const mandatoryLevels = builtin<PriorityLevelConfiguration>(
  'PriorityLevelConfiguration',
  MANDATORY_LEVELS,
)

/** Pure. Schemas whose level is not there are left out, as Kubernetes does with dangling ones. */
export function readFlowConfig(
  schemas: readonly FlowSchema[],
  levels: readonly PriorityLevelConfiguration[],
): FlowConfig {
  const levelSpecs = withMandatory(levels, mandatoryLevels).map(levelSpec)
  const names = new Set(levelSpecs.map(({ name }) => name))
  const fitting = withMandatory(schemas, mandatorySchemas).filter(({ spec }) =>
    names.has(spec.priorityLevelConfiguration.name),
  )
  const ordered = fitting.toSorted(inOrder).map(schemaSpec)
  return { schemas: ordered, levels: levelSpecs }
}

/** A spec that must not differ is ours; the rest (its UID above all) is what is stored. */
function withMandatory<T extends KubeObject & { spec: unknown }>(
  stored: readonly T[],
  mandatory: readonly T[],
): T[] {
  const fixed = mandatory.map((one) => {
    const there = stored.find(({ metadata }) => metadata.name === one.metadata.name)
    if (there === undefined) return one
    // The seats of the exempt level may be chosen, and probes may be led elsewhere.
    return isFree(one) ? there : { ...there, spec: one.spec }
  })
  const names = new Set(mandatory.map(({ metadata }) => metadata.name))
  return [...fixed, ...stored.filter(({ metadata }) => !names.has(metadata.name))]
}

const isFree = ({ kind, metadata: { name } }: KubeObject): boolean =>
  name === 'probes' || (name === 'exempt' && kind === 'PriorityLevelConfiguration')

/** By precedence, then by name; what is left over comes last whoever else has its precedence. */
function inOrder(a: FlowSchema, b: FlowSchema): number {
  const [last, other] = [a.metadata.name === CATCH_ALL, b.metadata.name === CATCH_ALL]
  if (last !== other) return last ? 1 : -1
  const by = (a.spec.matchingPrecedence ?? 0) - (b.spec.matchingPrecedence ?? 0)
  return by !== 0 ? by : a.metadata.name < b.metadata.name ? -1 : 1
}

function schemaSpec({ metadata, spec }: FlowSchema): FlowSchemaSpec {
  const by = spec.distinguisherMethod?.type
  return {
    name: metadata.name,
    uid: metadata.uid ?? '',
    level: spec.priorityLevelConfiguration.name,
    distinguisher: by === 'ByUser' || by === 'ByNamespace' ? by : undefined,
    rules: compileRules(spec.rules ?? []),
  }
}

function levelSpec({ metadata, spec }: PriorityLevelConfiguration): LevelSpec {
  const seats = spec.type === 'Exempt' ? spec.exempt : spec.limited
  const queuing = spec.limited?.limitResponse?.queuing
  return {
    name: metadata.name,
    uid: metadata.uid ?? '',
    isExempt: spec.type === 'Exempt',
    shares: seats?.nominalConcurrencyShares ?? 0,
    lendablePercent: seats?.lendablePercent ?? 0,
    borrowingLimitPercent: spec.limited?.borrowingLimitPercent ?? Infinity,
    queuing: queuing && {
      queues: queuing.queues ?? 1,
      handSize: queuing.handSize ?? 1,
      queueLengthLimit: queuing.queueLengthLimit ?? 1,
    },
  }
}
