// What an expression may refer to: variables with their types, functions, and structs it may build.
import type { Library } from './functions/library.ts'
import type { CelType } from './types.ts'
import type { CelValue } from './values.ts'

export interface Environment {
  variables: Readonly<Record<string, CelType>>
  library: Library
  /** What `Name{...}` builds; absent where nothing can be built. */
  struct?: (name: string) => StructType | undefined
}

export interface StructType {
  type: CelType
  field(name: string): CelType | undefined
  /** Throws CelError for what cannot be. */
  make(fields: ReadonlyMap<string, CelValue>): CelValue
}

/** Values of the variables; a function is asked when the variable is first used. */
export type Bindings = Readonly<Record<string, CelValue | (() => CelValue)>>
