// The functions of Kubernetes' CEL environment: the language with the extension libraries it turns on.
import { authorizer } from './functions/authorizer.ts'
import { encoders } from './functions/encoders.ts'
import { ip } from './functions/ip.ts'
import { languageFunctions, Library } from './functions/library.ts'
import { lists } from './functions/lists.ts'
import { jsonPatch } from './functions/json-patch.ts'
import { math } from './functions/math.ts'
import { namedFormats } from './functions/named-format.ts'
import { quantity } from './functions/quantity.ts'
import { regex } from './functions/regex.ts'
import { semver } from './functions/semver.ts'
import { strings } from './functions/strings.ts'
import { url } from './functions/url.ts'

const everywhere = [
  ...languageFunctions,
  ...strings,
  ...lists,
  ...regex,
  ...url,
  ...ip,
  ...quantity,
  ...semver,
  ...namedFormats,
  ...encoders,
  ...math,
]

/** For rules of schemas. */
export const schemaLibrary = new Library(everywhere)

/** For admission, where `authorizer` is a variable and objects can be changed. */
export const admissionLibrary = new Library([...everywhere, ...authorizer, ...jsonPatch])
