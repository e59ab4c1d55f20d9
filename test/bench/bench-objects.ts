// The objects the bench writes, as bodies of requests.

/** With it, a ConfigMap has 1 KB. */
const payload = 'x'.repeat(700)

export const benchConfigMap = (name: string): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name },
    // When it was sent, so that a watcher knows the lag.
    data: { at: performance.now().toFixed(3), payload },
  })

export const benchPod = (name: string): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: 'bench', 'pod-template-hash': '5d4f8c7b9' } },
    spec: {
      automountServiceAccountToken: false,
      containers: [
        {
          name: 'app',
          image: 'registry.example/bench/app:1',
          ports: [{ containerPort: 8080 }],
          env: [{ name: 'ROLE', value: 'bench' }],
          resources: { requests: { cpu: '10m', memory: '16Mi' } },
          readinessProbe: { httpGet: { path: '/healthz', port: 8080 } },
        },
      ],
    },
  })
