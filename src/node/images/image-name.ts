// The grammar of image names (github.com/distribution/reference), as far as it can refuse one.
const LABEL = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?'
const HOST = `(?:${LABEL}(?:\\.${LABEL})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`
const PART = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*'
const TAG = '\\w[\\w.-]{0,127}'
const DIGEST = '[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}'
const NAME = new RegExp(`^(?:${HOST}/)?${PART}(?:/${PART})*(?::${TAG})?(?:@${DIGEST})?$`)

export const isImageName = (name: string): boolean => NAME.test(name)

const DEFAULT_HOST = 'docker.io'
const DEFAULT_PROJECT = 'library'

/** An image's name with all that may be left out: "nginx" is "docker.io/library/nginx:latest". */
export function wholeImageName(name: string): string {
  const [first = '', ...rest] = name.split('/')
  const hasHost = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost')
  const path = hasHost ? rest.join('/') : rest.length > 0 ? name : `${DEFAULT_PROJECT}/${name}`
  const hasEnd = path.includes('@') || /:[^/]*$/.test(path)
  return `${hasHost ? first : DEFAULT_HOST}/${path}${hasEnd ? '' : ':latest'}`
}
