// The configuration of an upstream for tests: Docker Hub, public, unless told otherwise.
import { projectOfHost } from '#kinds/ccs/upstream.ts'
import { DOCKER_HUB, type UpstreamConfig } from './upstream-config.ts'

export function testUpstream(more: Partial<UpstreamConfig> = {}): UpstreamConfig {
  const host = more.host ?? DOCKER_HUB
  return {
    name: 'hub',
    host,
    aliases: host === DOCKER_HUB ? ['index.docker.io', 'registry-1.docker.io'] : [],
    project: projectOfHost(host),
    endpoints: [`https://${host}`],
    tokenHosts: [],
    tagMaxAgeSeconds: 300,
    tagRules: [],
    deny: [],
    offline: false,
    connectionsMax: 16,
    reservedPulls: 30,
    isPublic: true,
    members: [],
    ...more,
  }
}
