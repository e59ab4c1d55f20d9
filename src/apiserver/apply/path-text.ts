// Paths as people read them: `.spec.containers[name="main"].image`.

/** Text of a path element of FieldsV1. */
export function elementText(element: string): string {
  const value = element.slice(2)
  switch (element[0]) {
    case 'f':
      return `.${value}`
    case 'k': {
      const keys = Object.entries(JSON.parse(value) as Record<string, unknown>)
      return `[${keys.map(([key, item]) => `${key}=${JSON.stringify(item)}`).join(',')}]`
    }
    case 'v':
      return `[=${value}]`
    default:
      return `[${value}]`
  }
}

export const pathText = (path: readonly string[]): string => path.map(elementText).join('')
