import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { customResourceDefinitionKind } from '#kinds/custom-resource-definition.ts'
import { wholeOf } from '#kinds/quantity.ts'
import { ccsDefinitions } from './crds.ts'
import { DEFAULT_MACHINE_TYPE, defaultMachineTypes } from './default-machine-types.ts'
import type { Schema } from './schema.ts'

const definitions = ccsDefinitions.map((definition) => structuredClone(definition))

function* schemasIn(schema: Schema, path: string): Generator<[string, Schema]> {
  yield [path, schema]
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    yield* schemasIn(property, `${path}.${name}`)
  for (const key of ['items', 'additionalProperties'] as const)
    if (schema[key] !== undefined) yield* schemasIn(schema[key] as Schema, `${path}.${key}`)
}

const rootOf = (kind: string): Schema =>
  definitions.find(({ spec }) => spec.names.kind === kind)!.spec.versions[0]!.schema!
    .openAPIV3Schema!

for (const definition of definitions)
  describe(definition.spec.names.kind, () => {
    const root = rootOf(definition.spec.names.kind)

    test('is a definition that Kubernetes takes', () => {
      const object = structuredClone(definition)
      customResourceDefinitionKind.defaults(object)
      assert.deepEqual(customResourceDefinitionKind.validate(object, undefined), [])
      assert.deepEqual(object.spec.names, definition.spec.names)
    })

    test('has a structural schema: everything has a type, required fields are there', () => {
      for (const [path, schema] of schemasIn(root, '')) {
        const isTyped = schema.type !== undefined || schema['x-kubernetes-int-or-string'] === true
        assert.ok(isTyped, `${path} has no type`)
        for (const name of schema.required ?? [])
          assert.ok(schema.properties?.[name], `${path}.${name} is required but not there`)
      }
    })

    test('identifies the items of lists by fields that are always there', () => {
      for (const [path, schema] of schemasIn(root, '')) {
        const item = schema.items as Schema | undefined
        for (const key of schema['x-kubernetes-list-map-keys'] ?? [])
          assert.ok(
            item!.required?.includes(key) || item!.properties![key]!.default !== undefined,
            `${path}: key ${key} may be missing`,
          )
      }
    })

    test('has patterns that compile and defaults that its own rules allow', () => {
      for (const [path, schema] of schemasIn(root, '')) {
        if (schema.pattern !== undefined) assert.ok(new RegExp(schema.pattern, 'u'), path)
        if (schema.enum !== undefined && schema.default !== undefined)
          assert.ok(schema.enum.includes(schema.default), path)
      }
    })

    test('shows columns of fields that exist', () => {
      for (const { jsonPath } of definition.spec.versions[0]!.additionalPrinterColumns!) {
        if (jsonPath === '.metadata.creationTimestamp') continue
        const paths = [...schemasIn(root, '')].map(([path]) => path)
        assert.ok(paths.includes(jsonPath), jsonPath)
      }
    })
  })

test('a cluster may not be named like the hub', () => {
  const { name } = rootOf('Cluster').properties!['metadata']!.properties!
  assert.deepEqual(name!.not, { enum: ['hub'] })
})

test('patterns tell addresses and ranges from the rest', () => {
  const network = rootOf('Cluster').properties!['spec']!.properties!['network']!
  const range = new RegExp(network.properties!['podCIDR']!.pattern!)
  for (const good of ['10.64.0.0/18', '0.0.0.0/0', '255.255.255.255/32']) assert.match(good, range)
  for (const bad of ['', '10.64.0.0', '10.64.0.0/33', '256.0.0.0/8', '10.64.0/18', '010.0.0.0/8'])
    assert.doesNotMatch(bad, range)
  const cpu = rootOf('MachineType').properties!['spec']!.properties!['cpu']!
  for (const good of ['1', '500m', '1.5', '2Gi', '1e3'])
    assert.match(good, new RegExp(cpu.pattern!))
  for (const bad of ['', '-1', 'lots', '1ki']) assert.doesNotMatch(bad, new RegExp(cpu.pattern!))
})

test('defaultMachineTypes has the default type and leaves room for pods', () => {
  assert.ok(defaultMachineTypes.some(({ metadata }) => metadata.name === DEFAULT_MACHINE_TYPE))
  for (const { metadata, spec } of defaultMachineTypes) {
    assert.ok(wholeOf(spec.reserved!.memory!) < wholeOf(spec.memory) / 2, metadata.name)
    assert.match(metadata.name, new RegExp(`${wholeOf(spec.memory) / 1024 ** 3}$`))
  }
})
