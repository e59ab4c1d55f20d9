// Patterns of the schemas, without look-around: Kubernetes' regular expressions have none.

export const DNS_LABEL_PATTERN = '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$'

const OCTET = '(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])'
const ADDRESS = `${OCTET}(\\.${OCTET}){3}`

export const ADDRESS_PATTERN = `^(${ADDRESS})?$`
export const CIDR_PATTERN = `^${ADDRESS}/(3[0-2]|[12]?[0-9])$`
