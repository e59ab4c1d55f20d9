// `ccs registry project`: tenants, who may use their images, and how much.
import { isReason } from '#base/errors.ts'
import { CCS_API_VERSION } from '#kinds/ccs/group.ts'
import {
  type Project,
  type ProjectMember,
  type ProjectRole,
  projectRoles,
  projects,
  type ProjectSpec,
} from '#kinds/ccs/project.ts'
import { namespaces } from '#kinds/refs.ts'
import {
  clientOf,
  type CommandContext,
  type CommonOptions,
  findInstance,
  show,
} from '../context.ts'
import { EXIT, Failure } from '../failure.ts'
import { checkName } from '../service/find-service.ts'

export interface ProjectOptions extends CommonOptions {
  public?: boolean
  private?: boolean
  quota?: string
  description?: string
  member?: string[]
  removeMember?: string[]
  immutable?: string[]
}

export async function listProjects(context: CommandContext, options: CommonOptions): Promise<void> {
  const hub = await clientOf(findInstance(options))
  const { items } = await hub.resource(projects).list()
  show(context, options, {
    columns: [
      { title: 'NAME', value: (p: Project) => p.metadata.name },
      { title: 'VISIBILITY', value: ({ spec }) => spec.visibility },
      { title: 'QUOTA', value: ({ spec }) => String(spec.storageQuota ?? 'none') },
      { title: 'MEMBERS', value: ({ spec }) => String(spec.members?.length ?? 0) },
      { title: 'DESCRIPTION', value: ({ spec }) => spec.description ?? '' },
    ],
    rows: items,
    value: items,
    empty:
      "No projects yet: images are the administrator's. Make one with 'ccs registry project create NAME'.",
  })
}

/** Makes the namespace of the hub too: robots and services live in it. */
export async function createProject(
  context: CommandContext,
  name: string,
  options: ProjectOptions,
): Promise<void> {
  checkName('project', name)
  const spec = changed({ visibility: 'Private' }, options)
  const hub = await clientOf(findInstance(options))
  await hub.resource(projects).create({
    apiVersion: CCS_API_VERSION,
    kind: projects.kind,
    metadata: { name },
    spec,
  })
  try {
    await hub.resource(namespaces).create({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name },
      spec: {},
    })
  } catch (error) {
    if (!isReason(error, 'AlreadyExists')) throw error
  }
  context.print(`project ${name} is made; push to registry.ccs.internal/${name}/NAME`)
}

export async function setProject(
  context: CommandContext,
  name: string,
  options: ProjectOptions,
): Promise<void> {
  checkName('project', name)
  const resource = (await clientOf(findInstance(options))).resource(projects)
  const project = await resource.get({ name })
  await resource.update({ ...project, spec: changed(project.spec, options) })
  context.print(`project ${name} is changed`)
}

export async function deleteProject(
  context: CommandContext,
  name: string,
  options: CommonOptions,
): Promise<void> {
  checkName('project', name)
  await (await clientOf(findInstance(options))).resource(projects).delete({ name })
  context.print(
    `project ${name} is deleted. Its images stay: they are the administrator's alone from now on`,
  )
}

/** What the options make of a spec. Throws a Failure for options that are none. */
export function changed(spec: ProjectSpec, options: ProjectOptions): ProjectSpec {
  if (options.public && options.private)
    throw new Failure('--public and --private exclude each other', EXIT.usage)
  const next: ProjectSpec = { ...spec }
  if (options.public) next.visibility = 'Public'
  if (options.private) next.visibility = 'Private'
  if (options.description !== undefined) next.description = options.description
  if (options.quota === 'none') delete next.storageQuota
  else if (options.quota !== undefined) next.storageQuota = options.quota
  if (options.immutable !== undefined)
    next.immutableTags = options.immutable.map((tags) => ({ repositories: '**', tags }))
  const members = memberChanges(spec.members ?? [], options)
  if (members.length > 0 || spec.members !== undefined) next.members = members
  return next
}

function memberChanges(before: readonly ProjectMember[], options: ProjectOptions): ProjectMember[] {
  const members = new Map(before.map((member) => [`${member.kind}:${member.name}`, member]))
  for (const text of options.member ?? []) {
    const member = parseMember(text)
    members.set(`${member.kind}:${member.name}`, member)
  }
  for (const text of options.removeMember ?? []) {
    const { kind, name } = parseMember(text)
    if (!members.delete(`${kind}:${name}`))
      throw new Failure(`${text} is no member of the project`, EXIT.notFound)
  }
  return [...members.values()]
}

/** "ann", "ann=maintainer", "group:team=guest". */
export function parseMember(text: string): ProjectMember {
  const match = /^(?:(group|user):)?([^=:]+)(?:=(.+))?$/.exec(text)
  const role = match?.[3] ?? 'developer'
  if (match === null || !(projectRoles as readonly string[]).includes(role))
    throw new Failure(
      `"${text}" is no member: write NAME, NAME=ROLE or group:NAME=ROLE, with a role of ${projectRoles.join(', ')}`,
      EXIT.usage,
    )
  const kind = match[1] === 'group' ? 'Group' : 'User'
  return { kind, name: match[2]!, role: role as ProjectRole }
}
