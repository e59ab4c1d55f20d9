// Calls that are no functions: they name variables or ask whether something is there.
import type { Call, Expression, FoldKind } from './expression.ts'
import { SyntaxProblem } from './syntax-error.ts'

/** Undefined when the call is an ordinary one. Throws SyntaxProblem for a wrong use. */
export function expandMacro(call: Call): Expression | undefined {
  const { name, target, args, at } = call
  if (target === undefined)
    return name === 'has' && args.length === 1 ? hasMacro(args[0]!, at) : undefined
  if (name === 'bind' && target.kind === 'name' && target.name === 'cel' && args.length === 3)
    return { kind: 'bind', name: variable(args[0]!), value: args[1]!, body: args[2]!, at }
  if ((name === 'optMap' || name === 'optFlatMap') && args.length === 2)
    return {
      kind: 'optMap',
      operand: target,
      name: variable(args[0]!),
      body: args[1]!,
      flat: name === 'optFlatMap',
      at,
    }
  return foldMacro(name, target, args, at)
}

function hasMacro(argument: Expression, at: number): Expression {
  if (argument.kind !== 'select') throw new SyntaxProblem('invalid argument to has() macro', at)
  return { ...argument, test: true }
}

/** How many names each takes, and whether a condition may stand before the body. */
const FOLDS: Readonly<
  Record<string, { macro: FoldKind; names: readonly number[]; filters: boolean }>
> = {
  all: { macro: 'all', names: [1, 2], filters: false },
  exists: { macro: 'exists', names: [1, 2], filters: false },
  exists_one: { macro: 'exists_one', names: [1, 2], filters: false },
  existsOne: { macro: 'exists_one', names: [1, 2], filters: false },
  map: { macro: 'map', names: [1], filters: true },
  filter: { macro: 'filter', names: [1], filters: false },
  transformList: { macro: 'transformList', names: [2], filters: true },
  transformMap: { macro: 'transformMap', names: [2], filters: true },
  transformMapEntry: { macro: 'transformMapEntry', names: [2], filters: true },
}

function foldMacro(
  name: string,
  range: Expression,
  args: readonly Expression[],
  at: number,
): Expression | undefined {
  if (!Object.hasOwn(FOLDS, name)) return undefined
  const { macro, names, filters } = FOLDS[name]!
  const count = names.find((one) => args.length === one + 1 || (filters && args.length === one + 2))
  if (count === undefined) return undefined
  const variables = args.slice(0, count).map(variable)
  const rest = args.slice(count)
  return {
    kind: 'fold',
    macro,
    range,
    names: variables as unknown as readonly [string],
    condition: rest.length === 2 ? rest[0] : undefined,
    body: rest.at(-1)!,
    at,
  }
}

function variable(expression: Expression): string {
  if (expression.kind === 'name' && !expression.name.startsWith('.')) return expression.name
  throw new SyntaxProblem('argument must be a simple name', expression.at)
}
