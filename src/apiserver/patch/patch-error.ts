/** The patch does not fit the object it is applied to. */
export class PatchError extends Error {
  override readonly name: string = 'PatchError'
}

/** A list's `$setElementOrder` contradicts the list: Kubernetes calls this an internal error. */
export class ElementOrderError extends PatchError {
  override readonly name = 'ElementOrderError'
}

/** A `test` of a JSON patch does not hold. */
export class TestFailedError extends PatchError {
  override readonly name = 'TestFailedError'
}
