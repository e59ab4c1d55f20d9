import type { Deployment } from '#kinds/k8s/apps.ts'
import type { PodSpec } from '#kinds/k8s/core.ts'

export interface DeploymentWish {
  name: string
  namespace: string
  image: string
  replicas: number
  strategy?: Deployment['spec']['strategy']
  placement?: Partial<PodSpec>
}

const REQUESTS = { cpu: '500m', memory: '64Mi' }

export function deploymentObject(wish: DeploymentWish): Deployment {
  const { name, namespace, image, replicas, strategy, placement } = wish
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace, labels: { app: name } },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      ...(strategy === undefined ? {} : { strategy }),
      template: {
        metadata: { labels: { app: name } },
        spec: {
          terminationGracePeriodSeconds: 5,
          containers: [
            {
              name: 'main',
              image,
              ports: [{ name: 'http', containerPort: 8080 }],
              resources: { requests: REQUESTS },
            },
          ],
          ...placement,
        },
      },
    },
  }
}

/** Pods stand on different machines, or in different zones, or are worth more or less than others. */
export const placementsOf = (name: string): Partial<PodSpec>[] => {
  const labelSelector = { matchLabels: { app: name } }
  return [
    {},
    {},
    { priorityClassName: 'high' },
    { priorityClassName: 'low' },
    {
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: 'topology.kubernetes.io/zone',
          whenUnsatisfiable: 'ScheduleAnyway',
          labelSelector,
        },
      ],
    },
    {
      affinity: {
        podAntiAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [
            {
              weight: 50,
              podAffinityTerm: { topologyKey: 'kubernetes.io/hostname', labelSelector },
            },
          ],
        },
      },
    },
    {
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [
              {
                matchExpressions: [
                  {
                    key: 'topology.kubernetes.io/zone',
                    operator: 'In',
                    values: ['zone-1', 'zone-2'],
                  },
                ],
              },
            ],
          },
        },
      },
    },
  ]
}
