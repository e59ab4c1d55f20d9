import assert from 'node:assert/strict'
import { test } from 'node:test'
import { autoscalerV1Form } from './autoscaler-v1.ts'
import { horizontalPodAutoscalerKind as kind } from './horizontal-pod-autoscaler.ts'
import type { HorizontalPodAutoscaler } from './k8s/autoscaling.ts'
import { completed, refusalsOf } from './refusals.ts'

const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' }
const sent = (spec: object = {}) => ({ spec: { scaleTargetRef, maxReplicas: 3, ...spec } })
const refused = (spec: object, ...lines: string[]) =>
  assert.deepEqual(refusalsOf(kind, sent(spec)), lines)

test('an autoscaler has bounds and something to scale', () => {
  refused({})
  refused(
    { minReplicas: 0, maxReplicas: -1, scaleTargetRef: { kind: 'a/b' } },
    'spec.minReplicas: Invalid value: 0: must be greater than or equal to 1',
    'spec.maxReplicas: Invalid value: -1: must be greater than 0',
    'spec.maxReplicas: Invalid value: -1: must be greater than or equal to `minReplicas`',
    'spec.scaleTargetRef.kind: Invalid value: "a/b": may not contain \'/\'',
    'spec.scaleTargetRef.name: Required value',
    'spec.metrics: Forbidden: must specify at least one Object or External metric to support scaling to zero replicas',
  )
})

test('a metric is of one type and has what that needs', () => {
  const metric = (one: object) => ({ metrics: [one] })
  const at = 'spec.metrics[0]'
  refused(
    metric({ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization' } } }),
    `${at}.resource.target.averageUtilization: Required value: must set either a target raw value or a target utilization`,
  )
  refused(
    metric({ type: 'Pods' }),
    `${at}.pods: Required value: must populate information for the given metric source`,
  )
  const target = { type: 'Value', value: '-1' }
  refused(
    metric({ type: 'External', external: { metric: { name: 'q' }, target }, resource: {} }),
    `${at}.external.target.value: Invalid value: "-1": must be positive`,
    `${at}.resource: Forbidden: must populate the given metric source only`,
  )
  const types = '"ContainerResource", "External", "Object", "Pods", "Resource"'
  const unknown = `${at}.type: Unsupported value: "Moon": supported values: ${types}`
  refused(metric({ type: 'Moon' }), unknown, unknown)
})

test('behavior is completed and bounded', () => {
  const { spec } = completed(kind, sent({ behavior: { scaleDown: { selectPolicy: 'Min' } } }))
  assert.deepEqual(spec.behavior, {
    scaleUp: {
      stabilizationWindowSeconds: 0,
      selectPolicy: 'Max',
      policies: [
        { type: 'Pods', value: 4, periodSeconds: 15 },
        { type: 'Percent', value: 100, periodSeconds: 15 },
      ],
    },
    scaleDown: {
      selectPolicy: 'Min',
      policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
    },
  })
  const policies = [{ type: 'Pods', value: 0, periodSeconds: 1801 }]
  refused(
    { behavior: { scaleUp: { stabilizationWindowSeconds: 3601, policies, selectPolicy: 'x' } } },
    'spec.behavior.scaleUp.stabilizationWindowSeconds: Invalid value: 3601: must be less than or equal to 3600',
    'spec.behavior.scaleUp.selectPolicy: Unsupported value: "x": supported values: "Disabled", "Max", "Min"',
    'spec.behavior.scaleUp.policies[0].value: Invalid value: 0: must be greater than zero',
    'spec.behavior.scaleUp.policies[0].periodSeconds: Invalid value: 1801: must be less than or equal to 1800',
  )
})

const rich = (): HorizontalPodAutoscaler => {
  const object = completed(
    kind,
    sent({
      metrics: [
        {
          type: 'Pods',
          pods: {
            metric: { name: 'rps', selector: { matchLabels: { a: 'b' } } },
            target: { type: 'AverageValue', averageValue: '5' },
          },
        },
        {
          type: 'Object',
          object: {
            describedObject: scaleTargetRef,
            metric: { name: 'm' },
            target: { type: 'Value', value: '1' },
          },
        },
        {
          type: 'Resource',
          resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } },
        },
      ],
      behavior: { scaleUp: { stabilizationWindowSeconds: 5 } },
    }),
  )
  object.metadata.annotations = { kept: 'yes' }
  object.status = {
    currentReplicas: 2,
    desiredReplicas: 3,
    currentMetrics: [
      {
        type: 'Resource',
        resource: { name: 'cpu', current: { averageUtilization: 40, averageValue: '10m' } },
      },
    ],
    conditions: [{ type: 'AbleToScale', status: 'True' }],
  }
  return object
}

test('autoscaling/v1 shows CPU in a field and everything else in annotations', () => {
  const { apiVersion, metadata, ...rest } = autoscalerV1Form.fromStored(rich())
  assert.equal(apiVersion, 'autoscaling/v1')
  assert.deepEqual(metadata.annotations, {
    kept: 'yes',
    'autoscaling.alpha.kubernetes.io/metrics':
      '[{"type":"Pods","pods":{"metricName":"rps","targetAverageValue":"5","selector":{"matchLabels":{"a":"b"}}}},{"type":"Object","object":{"target":{"apiVersion":"apps/v1","kind":"Deployment","name":"d"},"metricName":"m","targetValue":"1"}}]',
    'autoscaling.alpha.kubernetes.io/behavior':
      '{"ScaleUp":{"StabilizationWindowSeconds":5,"SelectPolicy":"Max","Policies":[{"Type":"Pods","Value":4,"PeriodSeconds":15},{"Type":"Percent","Value":100,"PeriodSeconds":15}],"Tolerance":null},"ScaleDown":{"StabilizationWindowSeconds":null,"SelectPolicy":"Max","Policies":[{"Type":"Percent","Value":100,"PeriodSeconds":15}],"Tolerance":null}}',
    'autoscaling.alpha.kubernetes.io/current-metrics':
      '[{"type":"Resource","resource":{"name":"cpu","currentAverageUtilization":40,"currentAverageValue":"10m"}}]',
    'autoscaling.alpha.kubernetes.io/conditions': '[{"type":"AbleToScale","status":"True"}]',
  })
  assert.deepEqual(rest, {
    kind: 'HorizontalPodAutoscaler',
    spec: { scaleTargetRef, minReplicas: 1, maxReplicas: 3, targetCPUUtilizationPercentage: 50 },
    status: { currentReplicas: 2, desiredReplicas: 3, currentCPUUtilizationPercentage: 40 },
  })
})

test('what autoscaling/v1 shows is stored again as it was', () => {
  const object = rich()
  assert.deepEqual(autoscalerV1Form.toStored(autoscalerV1Form.fromStored(object)), object)
})

test('annotations that are no JSON are as if they were not there', () => {
  const shown = autoscalerV1Form.fromStored(rich())
  shown.metadata.annotations = {
    'autoscaling.alpha.kubernetes.io/metrics': '[{',
    'autoscaling.alpha.kubernetes.io/conditions': '{}',
  }
  const stored = autoscalerV1Form.toStored(shown)
  assert.equal(stored.spec.metrics?.length, 1)
  assert.equal(stored.status?.conditions, undefined)
  assert.equal(stored.metadata.annotations, undefined)
})

test('the cell of an autoscaler shows two metrics and counts the others', () => {
  const cell = (object: HorizontalPodAutoscaler) =>
    kind.columns.find(({ name }) => name === 'Targets')!.cell(object, 0)
  assert.equal(cell(rich()), '<unknown>/5, <unknown>/1 + 1 more...')
  const object = completed(kind, sent())
  assert.equal(cell(object), 'cpu: <unknown>/80%')
  object.status = rich().status
  assert.equal(cell(object), 'cpu: 40%/80%')
})
