import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ingressClassKind } from '../ingress-class.ts'
import { ingressKind } from '../ingress.ts'
import { ipAddressKind } from '../ip-address.ts'
import { networkPolicyKind } from '../network-policy.ts'
import { serviceCIDRKind } from '../service-cidr.ts'
import { errorsOf, made } from '../test-errors.ts'

const service = { service: { name: 's', port: { number: 80 } } }
const withPath = (path: string | undefined, pathType: string | undefined, backend = service) => ({
  spec: { rules: [{ http: { paths: [{ path, pathType, backend }] } }] },
})
const withBackend = (defaultBackend: unknown) => ({ spec: { defaultBackend } })
const PATH = 'spec.rules[0].http.paths[0]'
const BACKEND = 'spec.defaultBackend'

describe('validateIngressSpec', () => {
  const cases: [criterion: string, body: Record<string, unknown>, ...errors: string[]][] = [
    ['takes a rule', withPath('/', 'Prefix')],
    ['takes a default backend alone', withBackend(service)],
    ['takes any path that the controller reads', withPath('/a//b', 'ImplementationSpecific')],
    ['takes no path that the controller reads', withPath(undefined, 'ImplementationSpecific')],
    [
      'asks for a rule or a backend',
      { spec: {} },
      'spec: Invalid value: null: either `defaultBackend` or `rules` must be specified',
    ],
    [
      'asks for a path type',
      withPath('/', undefined),
      `${PATH}.pathType: Required value: pathType must be specified`,
    ],
    [
      'names the path types',
      withPath('/', 'Regex'),
      `${PATH}.pathType: Unsupported value: "Regex": supported values: "Exact", "ImplementationSpecific", "Prefix"`,
    ],
    [
      'wants absolute paths',
      withPath('a', 'Exact'),
      `${PATH}.path: Invalid value: "a": must be an absolute path`,
    ],
    [
      'wants plain paths',
      withPath('/a//b/..', 'Prefix'),
      `${PATH}.path: Invalid value: "/a//b/..": must not contain '//'`,
      `${PATH}.path: Invalid value: "/a//b/..": cannot end with '/..'`,
    ],
    [
      'wants a backend of one sort',
      withBackend({ ...service, resource: { kind: 'K', name: 'r' } }),
      `${BACKEND}: Invalid value: "": cannot set both resource and service backends`,
    ],
    [
      'wants a backend',
      withBackend({}),
      `${BACKEND}: Invalid value: "": resource or service backend is required`,
    ],
    [
      'wants a service and a port',
      withBackend({ service: { name: '' } }),
      `${BACKEND}.service.name: Required value`,
      `${BACKEND}: Required value: port name or number is required`,
    ],
    [
      'wants one port',
      withBackend({ service: { name: 's', port: { name: 'p', number: 1 } } }),
      `${BACKEND}: Invalid value: "": cannot set both port name & port number`,
    ],
    [
      'wants a port there is',
      withBackend({ service: { name: 's', port: { number: 70_000 } } }),
      `${BACKEND}.service.port.number: Invalid value: 70000: must be between 1 and 65535, inclusive`,
    ],
  ]
  for (const [criterion, body, ...errors] of cases)
    test(criterion, () => assert.deepEqual(errorsOf(ingressKind, body), errors))

  test('wants names for hosts', () => {
    const rules = [{ host: '10.0.0.1' }, { host: '*.example.com' }, { host: 'a.*' }]
    const errors = errorsOf(ingressKind, { spec: { rules } })
    assert.equal(
      errors[0],
      'spec.rules[0].host: Invalid value: "10.0.0.1": must be a DNS name, not an IP address',
    )
    assert.equal(errors.length, 2)
    assert.match(errors[1]!, /^spec\.rules\[2\]\.host: .*a wildcard DNS-1123 subdomain must start/)
  })

  test('wants the annotation of a new ingress to name the same class', () => {
    const body = {
      metadata: { annotations: { 'kubernetes.io/ingress.class': 'one' } },
      spec: { defaultBackend: service, ingressClassName: 'two' },
    }
    assert.deepEqual(errorsOf(ingressKind, body), [
      'annotations.kubernetes.io/ingress.class: Invalid value: "one": must match `ingressClassName` when both are specified',
    ])
    assert.deepEqual(errorsOf(ingressKind, body, body), [])
  })
})

describe('validateNetworkPolicy', () => {
  const ingress = (rule: Record<string, unknown>) => ({ spec: { ingress: [rule] } })
  const cases: [criterion: string, body: Record<string, unknown>, ...errors: string[]][] = [
    ['takes a policy of nothing', { spec: {} }],
    ['takes ranges of ports', ingress({ ports: [{ port: 1, endPort: 2 }] })],
    ['takes blocks with holes', ingress({ from: [block('10.0.0.0/8', '10.1.0.0/16')] })],
    [
      'wants ranges to begin with a number',
      ingress({ ports: [{ port: 'http', endPort: 2 }, { endPort: 2 }] }),
      'spec.ingress[0].ports[0].endPort: Invalid value: 2: may not be specified when `port` is non-numeric',
      'spec.ingress[0].ports[1].endPort: Invalid value: 2: may not be specified when `port` is not specified',
    ],
    [
      'wants ranges to go up',
      ingress({ ports: [{ port: 3, endPort: 2 }] }),
      'spec.ingress[0].ports[0].endPort: Invalid value: 3: must be greater than or equal to `port`',
    ],
    [
      'names the protocols',
      ingress({ ports: [{ protocol: 'ICMP' }] }),
      'spec.ingress[0].ports[0].protocol: Unsupported value: "ICMP": supported values: "TCP", "UDP", "SCTP"',
    ],
    [
      'wants a peer',
      ingress({ from: [{}] }),
      'spec.ingress[0].from[0]: Required value: must specify a peer',
    ],
    [
      'wants a block or pods',
      ingress({ from: [{ podSelector: {}, ...block('10.0.0.0/8') }] }),
      'spec.ingress[0].from[0]: Forbidden: may not specify both ipBlock and another peer',
    ],
    [
      'wants holes inside of blocks',
      ingress({ from: [block('10.0.0.0/16', '10.1.0.0/24', '10.0.0.0/16')] }),
      'spec.ingress[0].from[0].ipBlock.except[0]: Invalid value: "10.1.0.0/24": must be a strict subset of `cidr`',
      'spec.ingress[0].from[0].ipBlock.except[1]: Invalid value: "10.0.0.0/16": must be a strict subset of `cidr`',
    ],
    [
      'wants at most both types',
      { spec: { policyTypes: ['Ingress', 'Egress', 'Ingress'] } },
      'spec.policyTypes: Invalid value: ["Ingress","Egress","Ingress"]: may not specify more than two policyTypes',
    ],
  ]
  for (const [criterion, body, ...errors] of cases)
    test(criterion, () => assert.deepEqual(errorsOf(networkPolicyKind, body), errors))

  test('a policy that has rules for leaving pods is about leaving, too', () => {
    const { spec } = made(networkPolicyKind, { spec: { egress: [{ ports: [{ port: 53 }] }] } })
    assert.deepEqual(spec.policyTypes, ['Ingress', 'Egress'])
    assert.equal(spec.egress?.[0]?.ports?.[0]?.protocol, 'TCP')
  })
})

function block(cidr: string, ...except: string[]) {
  return { ipBlock: { cidr, ...(except.length === 0 ? {} : { except }) } }
}

describe('validateServiceCIDR', () => {
  const cidrs = (...all: string[]) => ({ spec: { cidrs: all } })
  const cases: [criterion: string, body: Record<string, unknown>, ...errors: string[]][] = [
    ['takes one block of each family', cidrs('10.0.0.0/24', '2001:db8::/64')],
    ['wants a block', cidrs(), 'spec.cidrs: Required value: at least one CIDR required'],
    [
      'wants no bits beyond the mask',
      cidrs('10.0.0.1/24'),
      'spec.cidrs[0]: Invalid value: "10.0.0.1/24": must not have bits set beyond the prefix length',
    ],
    [
      'wants different families',
      cidrs('10.0.0.0/24', '10.1.0.0/24'),
      'spec.cidrs: Invalid value: {"CIDRs":["10.0.0.0/24","10.1.0.0/24"]}: may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64',
    ],
  ]
  for (const [criterion, body, ...errors] of cases)
    test(criterion, () => assert.deepEqual(errorsOf(serviceCIDRKind, body), errors))

  test('a second family may come, what is there stays', () => {
    const [one, both] = [cidrs('10.0.0.0/24'), cidrs('10.0.0.0/24', '2001:db8::/64')]
    assert.deepEqual(errorsOf(serviceCIDRKind, both, one), [])
    assert.deepEqual(errorsOf(serviceCIDRKind, cidrs('10.1.0.0/24'), one), [
      'spec.cidrs[0]: Invalid value: "10.1.0.0/24": field is immutable',
    ])
    assert.deepEqual(errorsOf(serviceCIDRKind, one, both), [
      'spec.cidrs: Invalid value: ["10.0.0.0/24"]: field is immutable',
    ])
  })
})

test('an IPAddress is named by its canonical address and has a parent', () => {
  const parentRef = { resource: 'services', namespace: 'n', name: 's' }
  const named = (name: string) => ({ metadata: { name }, spec: { parentRef } })
  assert.deepEqual(errorsOf(ipAddressKind, named('2001:db8::1')), [])
  assert.deepEqual(errorsOf(ipAddressKind, named('2001:DB8::1')), [
    'metadata.name: Invalid value: "2001:DB8::1": must be in canonical form ("2001:db8::1")',
  ])
  assert.deepEqual(errorsOf(ipAddressKind, { metadata: { name: '10.0.0.1' }, spec: {} }), [
    'spec.parentRef: Required value',
  ])
})

test('an IngressClass names a controller that stays, and parameters in their scope', () => {
  const controlled = (controller: string, parameters?: unknown) => ({
    spec: { controller, ...(parameters === undefined ? {} : { parameters }) },
  })
  const errorOf = (controller: string) => errorsOf(ingressClassKind, controlled(controller))
  const good = controlled('example.com/a/b')
  assert.deepEqual(errorsOf(ingressClassKind, good), [])
  assert.deepEqual(errorOf(''), ['spec.controller: Required value'])
  assert.deepEqual(errorOf('a'), [
    'spec.controller: Invalid value: "a": must be a domain-prefixed path (such as "acme.io/foo")',
  ])
  assert.match(errorOf('example.com/a b')[0]!, /^spec\.controller: Invalid value: "a b": Invalid p/)
  assert.deepEqual(errorsOf(ingressClassKind, controlled('example.com/b'), good), [
    'spec.controller: Invalid value: "example.com/b": field is immutable',
  ])
  const parameters = { kind: 'K', name: 'p' }
  assert.equal(
    made(ingressClassKind, controlled('e.com/a', parameters)).spec.parameters?.scope,
    'Cluster',
  )
  assert.deepEqual(
    errorsOf(ingressClassKind, controlled('e.com/a', { ...parameters, scope: 'Namespace' })),
    ["spec.parameters.namespace: Required value: `parameters.scope` is set to 'Namespace'"],
  )
})
