import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { jobKind } from './job.ts'
import type { JobSpec, JobStatus } from './k8s/batch.ts'
import { completed, refusalsOf, UID, updateRefusals } from './refusals.ts'

const containers = [{ name: 'c', image: 'x:1' }]
const template = (more: object = {}) => ({ spec: { containers, restartPolicy: 'Never', ...more } })
const job = (spec: object = {}) => ({ spec: { template: template(), ...spec } })

const refused = (spec: object, ...lines: string[]) =>
  assert.deepEqual(refusalsOf(jobKind, job(spec)), lines)

describe('a new job', () => {
  test('must not restart its pods for ever', () => {
    const restart = 'spec.template.spec.restartPolicy: '
    refused(
      { template: template({ restartPolicy: undefined }) },
      `${restart}Required value: valid values: "OnFailure", "Never"`,
    )
    refused(
      { template: template({ restartPolicy: 'Always' }) },
      `${restart}Required value: valid values: "OnFailure", "Never"`,
    )
  })

  test('has amounts of at least nothing', () => {
    refused(
      { parallelism: -1, backoffLimit: -2, ttlSecondsAfterFinished: -3 },
      'spec.parallelism: Invalid value: -1: must be greater than or equal to 0',
      'spec.backoffLimit: Invalid value: -2: must be greater than or equal to 0',
      'spec.ttlSecondsAfterFinished: Invalid value: -3: must be greater than or equal to 0',
    )
  })

  test('has indexes only when it is indexed', () => {
    refused(
      { completionMode: 'Indexed', parallelism: 1 },
      'spec.completions: Required value: when completion mode is Indexed',
    )
    refused(
      { backoffLimitPerIndex: 1, maxFailedIndexes: 1 },
      'spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode',
      'spec.maxFailedIndexes: Invalid value: 1: requires indexed completion mode',
    )
    refused(
      { completionMode: 'Indexed', completions: 2, maxFailedIndexes: 3 },
      'spec.backoffLimitPerIndex: Required value: when maxFailedIndexes is specified',
      'spec.maxFailedIndexes: Invalid value: 3: must be less than or equal to completions',
    )
    refused(
      { completionMode: 'Sometimes' },
      'spec.completionMode: Unsupported value: "Sometimes": supported values: "NonIndexed", "Indexed"',
    )
  })

  test('with very many indexes is held narrower', () => {
    refused(
      {
        completionMode: 'Indexed',
        completions: 200_000,
        parallelism: 20_000,
        backoffLimitPerIndex: 1,
      },
      'spec.maxFailedIndexes: Required value: must be specified when completions is above 100000',
      'spec.parallelism: Invalid value: 20000: must be less than or equal to 10000 when completions are above 100000 and used with backoff limit per index',
    )
  })

  test('names no selector and no labels of its own that differ from the generated ones', () => {
    refused(
      { selector: { matchLabels: { app: 'x' } } },
      `spec.selector: Invalid value: {"matchLabels":{"app":"x","batch.kubernetes.io/controller-uid":"${UID}"}}: \`selector\` not auto-generated`,
      `spec.template.metadata.labels: Invalid value: {"batch.kubernetes.io/controller-uid":"${UID}","batch.kubernetes.io/job-name":"x","controller-uid":"${UID}","job-name":"x"}: \`selector\` does not match template \`labels\``,
    )
  })

  test('may choose its selector itself', () => {
    refused({
      manualSelector: true,
      selector: { matchLabels: { app: 'x' } },
      template: { ...template(), metadata: { labels: { app: 'x' } } },
    })
    refused({ manualSelector: true }, 'spec.selector: Required value')
  })

  test('has pods whose host names are labels', () => {
    const metadata = { name: 'a'.repeat(62), namespace: 'n', uid: 'u' }
    const spec = { template: template(), completionMode: 'Indexed', completions: 10 }
    assert.deepEqual(refusalsOf(jobKind, { metadata, spec }), [
      `metadata.name: Invalid value: "${metadata.name}": will not able to create pod with invalid DNS label: ${metadata.name}-9`,
    ])
  })

  test('takes the labels of its pods when it has none', () => {
    const { metadata } = completed(jobKind, job())
    assert.deepEqual(Object.keys(metadata.labels ?? {}).toSorted(), [
      'batch.kubernetes.io/controller-uid',
      'batch.kubernetes.io/job-name',
      'controller-uid',
      'job-name',
    ])
    const named = { metadata: { name: 'x', namespace: 'n', uid: 'u', labels: { a: 'b' } } }
    assert.deepEqual(completed(jobKind, { ...named, ...job() }).metadata.labels, { a: 'b' })
  })
})

describe('rules for failed pods', () => {
  const rules = (...list: object[]) => ({ podFailurePolicy: { rules: list } })
  const exitCodes = (more: object) => ({
    action: 'FailJob',
    onExitCodes: { operator: 'In', values: [1], ...more },
  })
  const at = 'spec.podFailurePolicy.rules[0]'

  test('are accepted as they should be', () => {
    const onPodConditions = [{ type: 'DisruptionTarget' }]
    refused(rules(exitCodes({ containerName: 'c' }), { action: 'Ignore', onPodConditions }))
    const { spec } = completed(jobKind, job(rules({ action: 'Ignore', onPodConditions })))
    assert.equal(spec.podFailurePolicy?.rules[0]?.onPodConditions?.[0]?.status, 'True')
    assert.equal(spec.podReplacementPolicy, 'Failed')
  })

  test('look at one thing each', () => {
    const both = { ...exitCodes({}), onPodConditions: [{ type: 'Ready' }] }
    refused(
      rules(both, { action: 'Count' }),
      `${at}: Invalid value: specifying both OnExitCodes and OnPodConditions is not supported`,
      'spec.podFailurePolicy.rules[1]: Invalid value: specifying one of OnExitCodes and OnPodConditions is required',
    )
  })

  test('have exit codes in order, once each, and none of success', () => {
    refused(
      rules(exitCodes({ values: [2, 1, 1, 0], containerName: 'none' })),
      `${at}.onExitCodes.containerName: Invalid value: "none": must be one of the container or initContainer names in the pod template`,
      `${at}.onExitCodes.values[2]: Duplicate value: 1`,
      `${at}.onExitCodes.values[3]: Invalid value: 0: must not be 0 for the In operator`,
      `${at}.onExitCodes.values: Invalid value: [2,1,1,0]: must be ordered`,
    )
    refused(
      rules(exitCodes({ values: undefined, operator: 'Maybe' })),
      `${at}.onExitCodes.operator: Unsupported value: "Maybe": supported values: "In", "NotIn"`,
      `${at}.onExitCodes.values: Invalid value: []: at least one value is required`,
    )
  })

  test('fail an index only where indexes have a limit, and pods only where they end', () => {
    refused(
      rules({ ...exitCodes({}), action: 'FailIndex' }),
      `${at}.action: Invalid value: "FailIndex": requires the backoffLimitPerIndex to be set`,
    )
    refused(
      { ...rules(exitCodes({})), template: template({ restartPolicy: 'OnFailure' }) },
      'spec.template.spec.restartPolicy: Invalid value: "OnFailure": only "Never" is supported when podFailurePolicy is specified',
    )
    refused(
      { ...rules(exitCodes({})), podReplacementPolicy: 'TerminatingOrFailed' },
      'spec.podReplacementPolicy: Unsupported value: "TerminatingOrFailed": supported values: "Failed"',
    )
  })
})

describe('rules for success', () => {
  const indexed = (...rules: object[]) => ({
    completionMode: 'Indexed',
    completions: 5,
    successPolicy: { rules },
  })
  const at = 'spec.successPolicy.rules[0]'

  test('count indexes that there are', () => {
    refused(indexed({ succeededIndexes: '0,2-4', succeededCount: 3 }))
    refused(
      indexed({ succeededIndexes: '0,2-3', succeededCount: 4 }),
      `${at}.succeededCount: Invalid value: 4: must be less than or equal to 3 (the number of indexes in the specified succeededIndexes field)`,
    )
    refused(
      indexed({ succeededCount: 6 }),
      `${at}.succeededCount: Invalid value: 6: must be less than or equal to 5 (the number of specified completions)`,
    )
    refused(
      indexed({}),
      `${at}: Required value: at least one of succeededCount or succeededIndexes must be specified`,
    )
    refused(
      indexed(),
      'spec.successPolicy.rules: Required value: at least one rules must be specified when the successPolicy is specified',
    )
  })

  test('have indexes that rise', () => {
    const wrong: Record<string, string> = {
      '1,1': 'non-increasing order, previous: 1, current: 1',
      '3-2': 'non-increasing order, previous: 3, current: 2',
      '5': 'too large index: "5"',
      a: 'cannot convert string to integer for index: "a"',
      '1-2-3': `the fragment "1-2-3" violates the requirement that an index interval can have at most two parts separated by '-'`,
    }
    for (const [succeededIndexes, why] of Object.entries(wrong))
      refused(
        indexed({ succeededIndexes }),
        `${at}.succeededIndexes: Invalid value: "${succeededIndexes}": error parsing succeededIndexes: ${why}`,
      )
  })
})

describe('a job that exists', () => {
  const changed = (spec: object, change: (spec: JobSpec) => void) =>
    updateRefusals(jobKind, job(spec), (draft) => change(draft.spec))

  test('keeps what it was made for', () => {
    assert.deepEqual(
      changed({}, (spec) => {
        spec.completions = 3
        spec.completionMode = 'Indexed'
        spec.managedBy = 'example.com/x'
      }).map((line) => line.replace(/: Invalid value.*: /, ' ')),
      [
        'spec.completions can only be modified in tandem with spec.parallelism',
        'spec.completionMode field is immutable',
        'spec.managedBy field is immutable',
      ],
    )
    assert.deepEqual(
      changed({}, (spec) => (spec.completions = 3)),
      ['spec.completions: Invalid value: 3: field is immutable'],
    )
    assert.match(
      changed({}, (spec) => (spec.template.spec!.containers[0]!.image = 'y'))[0] ?? '',
      /^spec\.template: Invalid value: .*: field is immutable$/,
    )
  })

  test('may do more at once, and be suspended', () => {
    assert.deepEqual(
      changed({}, (spec) => {
        spec.parallelism = 5
        spec.suspend = true
        spec.activeDeadlineSeconds = 5
        spec.ttlSecondsAfterFinished = 5
      }),
      [],
    )
    assert.deepEqual(
      changed({ completionMode: 'Indexed', completions: 2, parallelism: 2 }, (spec) => {
        spec.completions = 4
        spec.parallelism = 4
      }),
      [],
    )
  })

  test('may be sent elsewhere, or given more, while it waits', () => {
    const move = (spec: JobSpec) => {
      const pod = spec.template.spec!
      pod.nodeSelector = { zone: 'a' }
      pod.tolerations = [{ key: 'k', operator: 'Exists' }]
      pod.affinity = {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'Exists' }] }],
          },
        },
      }
      pod.containers[0]!.resources = { requests: { cpu: '1' } }
      spec.template.metadata!.annotations = { a: 'b' }
    }
    assert.deepEqual(changed({ suspend: true }, move), [])
    assert.equal(changed({}, move).length, 1)
    assert.equal(
      changed({ suspend: true }, (spec) => (spec.template.spec!.containers[0]!.image = 'y')).length,
      1,
    )
  })
})

describe('the status of a job', () => {
  const NOW = '2026-11-01T00:00:00Z'
  const isTrue = (...types: string[]) => types.map((type) => ({ type, status: 'True' }))
  const written = (status: JobStatus, spec: object = {}) =>
    updateRefusals(jobKind, job(spec), (draft) => (draft.status = status), 'status')
  const complete: JobStatus = {
    conditions: isTrue('SuccessCriteriaMet', 'Complete'),
    startTime: NOW,
    completionTime: NOW,
    succeeded: 1,
    ready: 0,
  }

  test('says how it ended', () => {
    assert.deepEqual(written(complete), [])
    const failed = { conditions: isTrue('FailureTarget', 'Failed'), startTime: NOW, failed: 1 }
    assert.deepEqual(written(failed), [])
  })

  test('does not contradict itself', () => {
    assert.deepEqual(written({ ...complete, conditions: isTrue('Complete', 'Failed') }), [
      'status.conditions: Invalid value: cannot set Complete=True and Failed=true conditions',
      'status.conditions: Invalid value: cannot set Failed=True condition without the FailureTarget=true condition',
      'status.conditions: Invalid value: cannot set Complete=True condition without the SuccessCriteriaMet=true condition',
    ])
    assert.deepEqual(written({ ...complete, completionTime: undefined, active: 1 }), [
      'status.completionTime: Required value: completionTime is required for Complete jobs',
      'status.active: Invalid value: 1: active>0 is invalid for finished job',
    ])
    assert.deepEqual(written({ ready: 2, active: 1, completionTime: NOW }), [
      `status.completionTime: Invalid value: "${NOW}": cannot set completionTime when there is no Complete=True condition`,
      'status.ready: Invalid value: 2: cannot set more ready pods than active',
    ])
  })

  test('has indexes that are done or failed, not both', () => {
    const spec = { completionMode: 'Indexed', completions: 5, backoffLimitPerIndex: 0 }
    assert.deepEqual(written({ completedIndexes: '0-2', failedIndexes: '3' }, spec), [])
    assert.deepEqual(written({ completedIndexes: '0-2', failedIndexes: '2,4' }, spec), [
      'status.failedIndexes: Invalid value: "2,4": failedIndexes and completedIndexes overlap at index: 2',
    ])
    assert.deepEqual(written({ completedIndexes: '0' }), [
      'status.completedIndexes: Invalid value: "0": cannot set non-empty completedIndexes when non-indexed completion mode',
    ])
  })

  test('does not go back', () => {
    const old = completed(jobKind, job())
    old.status = complete
    const errors = jobKind.validate({ ...old, status: { active: 1 } }, old)
    assert.deepEqual(
      errors.map(({ message }) => message),
      [
        'Invalid value: cannot disable the terminal Complete=True condition',
        'Invalid value: 0: cannot decrease the succeeded counter',
        'Required value: startTime cannot be removed for unsuspended job',
        'Invalid value: cannot disable the SuccessCriteriaMet=True condition',
      ],
    )
  })
})

test('cells of a job tell how far it is', () => {
  const cells = (spec: object, status: JobStatus) => {
    const object = { ...completed(jobKind, job(spec)), status }
    return jobKind.columns
      .slice(1, 4)
      .map((column) => column.cell(object, Date.UTC(2026, 10, 1, 0, 1)))
  }
  const startTime = '2026-11-01T00:00:00Z'
  const condition = (type: string) => ({ conditions: [{ type, status: 'True' }] })
  assert.deepEqual(cells({}, { startTime, active: 1 }), ['Running', '0/1', '60s'])
  assert.deepEqual(cells({ parallelism: 3 }, { succeeded: 1 }), ['Running', '1/1 of 3', ''])
  assert.deepEqual(
    cells(
      { completions: 2 },
      { ...condition('Complete'), startTime, completionTime: '2026-11-01T00:00:05Z', succeeded: 2 },
    ),
    ['Complete', '2/2', '5s'],
  )
  assert.deepEqual(cells({}, condition('Suspended')), ['Suspended', '0/1', ''])
})
