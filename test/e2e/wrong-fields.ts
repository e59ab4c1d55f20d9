// What a ContainerService cannot be, field by field, and what is said of it.

export interface WrongField {
  spec: Record<string, unknown>
  message: RegExp
}

/** Every field of a ContainerService with a value that cannot be. */
export const WRONG_FIELDS: readonly WrongField[] = [
  { spec: { image: undefined }, message: /spec\.image: Required value/ },
  { spec: { image: '' }, message: /spec\.image: Invalid value/ },
  { spec: { image: 'Web:1' }, message: /spec\.image: .*is not an image name: write NAME/ },
  { spec: { cluster: undefined }, message: /spec\.cluster: Required value/ },
  { spec: { cluster: 'No_Cluster' }, message: /spec\.cluster: Invalid value/ },
  { spec: { replicas: -1 }, message: /spec\.replicas: .*greater than or equal to 0/ },
  { spec: { replicas: 1001 }, message: /spec\.replicas: .*less than or equal to 1000/ },
  { spec: { replicas: '2' }, message: /spec\.replicas: .*must be of type integer/ },
  {
    spec: { ports: [{ port: 0 }] },
    message: /spec\.ports\[0\]\.port: .*greater than or equal to 1/,
  },
  { spec: { ports: [{ port: 70000 }] }, message: /spec\.ports\[0\]\.port: .*65535/ },
  { spec: { ports: [{}] }, message: /spec\.ports\[0\]\.port: Required value/ },
  { spec: { ports: [{ port: 80 }, { port: 80 }] }, message: /spec\.ports\[1\]: Duplicate value/ },
  {
    spec: { ports: [{ port: 80, protocol: 'SCTP' }] },
    message: /protocol: Unsupported value: "SCTP"/,
  },
  { spec: { ports: [{ port: 80, targetPort: 0 }] }, message: /targetPort: Invalid value/ },
  { spec: { ports: [{ port: 80, name: 'Upper' }] }, message: /spec\.ports\[0\]\.name: / },
  { spec: { ports: [{ port: 80, name: '80' }] }, message: /name: .*at least one letter/ },
  {
    spec: {
      ports: [
        { port: 80, name: 'a' },
        { port: 81, name: 'a' },
      ],
    },
    message: /spec\.ports\[1\]\.name: Duplicate value: "a"/,
  },
  { spec: { env: [{ value: 'x' }] }, message: /spec\.env\[0\]\.name: Required value/ },
  { spec: { env: [{ name: 'A=B' }] }, message: /spec\.env\[0\]\.name: Invalid value/ },
  { spec: { env: [{ name: 'A' }, { name: 'A' }] }, message: /spec\.env\[1\]: Duplicate value/ },
  { spec: { env: [{ name: 'A', value: 1 }] }, message: /value: .*must be of type string/ },
  { spec: { command: 'sh' }, message: /spec\.command: .*must be of type array/ },
  { spec: { args: [1] }, message: /spec\.args\[0\]: .*must be of type string/ },
  { spec: { resources: { requests: { cpu: 'x' } } }, message: /spec\.resources\.requests\.cpu: / },
  {
    spec: { resources: { requests: { cpu: '2' }, limits: { cpu: '1' } } },
    message: /spec\.resources\.requests: .*less than or equal to cpu limit of 1/,
  },
  { spec: { resources: { limits: { mem: '1Gi' } } }, message: /Did you mean "memory"\?/ },
  { spec: { access: 'Private' }, message: /spec\.access: Unsupported value: "Private"/ },
  { spec: { readiness: { type: 'GRPC' } }, message: /spec\.readiness\.type: Unsupported value/ },
  { spec: { readiness: { type: 'HTTP', path: 'x' } }, message: /spec\.readiness\.path: / },
  { spec: { readiness: { path: '/x' } }, message: /spec\.readiness\.path: .*of type HTTP/ },
  { spec: { readiness: { type: 'None', port: 1 } }, message: /spec\.readiness\.port: / },
  { spec: { readiness: { type: 'HTTP' }, ports: [] }, message: /readiness\.port: Required value/ },
  { spec: { readiness: { periodSeconds: 0 } }, message: /spec\.readiness\.periodSeconds: / },
  { spec: { drainSeconds: -1 }, message: /spec\.drainSeconds: / },
  { spec: { drainSeconds: 601 }, message: /spec\.drainSeconds: .*600/ },
  { spec: { maxUnavailable: 0 }, message: /spec\.maxUnavailable: / },
  { spec: { maxUnavailable: '0%' }, message: /spec\.maxUnavailable: / },
  { spec: { maxUnavailable: 'some' }, message: /spec\.maxUnavailable: / },
  { spec: { spread: 'Wide' }, message: /spec\.spread: Unsupported value: "Wide"/ },
]
