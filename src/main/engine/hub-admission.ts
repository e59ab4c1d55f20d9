// What the hub asks before it stores an object of the product: rules that a schema cannot state.
import { isDeepStrictEqual } from 'node:util'
import type { AdmissionPlugin } from '#apiserver/admission/plugin.ts'
import { invalidObject } from '#apiserver/api-errors.ts'
import { containerServices, type ContainerService } from '#kinds/ccs/container-service.ts'
import { CCS_GROUP } from '#kinds/ccs/group.ts'
import { type Project, projects } from '#kinds/ccs/project.ts'
import { type Robot, robots } from '#kinds/ccs/robot.ts'
import { serviceAnnotations } from '#kinds/ccs/service-annotations.ts'
import { type ServiceRevision, serviceRevisions } from '#kinds/ccs/service-revision.ts'
import { type Upstream, upstreams } from '#kinds/ccs/upstream.ts'
import { validateContainerService } from '#kinds/ccs/validate-container-service.ts'
import { validateProject, validateRobot } from '#kinds/ccs/validate-patterns.ts'
import { validateUpstream } from '#kinds/ccs/validate-upstream.ts'
import type { FieldError } from '#kinds/definition.ts'
import type { KubeObject } from '#kinds/object.ts'
import { invalid } from '#kinds/validate/field-error.ts'

const specOf = (object: KubeObject | undefined) => (object as { spec?: unknown } | undefined)?.spec

const isSpecChange = (object: KubeObject, old: KubeObject | undefined): boolean =>
  !isDeepStrictEqual(specOf(object), specOf(old))

function errorsOf(object: KubeObject, old: KubeObject | undefined): FieldError[] {
  if (object.kind === containerServices.kind)
    return validateContainerService(object as ContainerService)
  if (object.kind === projects.kind) return validateProject(object as Project)
  if (object.kind === robots.kind) return validateRobot(object as Robot)
  if (object.kind === upstreams.kind) return validateUpstream(object as Upstream)
  if (object.kind === serviceRevisions.kind && old !== undefined)
    return [
      invalid(
        'spec',
        `revision ${(old as ServiceRevision).spec.revision}`,
        'a revision is a record and never changes',
      ),
    ]
  return []
}

export const hubAdmission: AdmissionPlugin = {
  name: 'CcsObjects',
  /** Notes who changed a service, for its history. */
  admit({ group, resource, subresource, object, old, user }) {
    if (group !== CCS_GROUP || resource !== containerServices.plural) return
    if (subresource === 'status' || object === undefined) return
    const { annotations } = object.metadata
    const known = old?.metadata.annotations?.[serviceAnnotations.changedBy]
    const changedBy = isSpecChange(object, old) ? user.username : known
    if (annotations?.[serviceAnnotations.changedBy] === changedBy) return
    if (changedBy === undefined) delete annotations?.[serviceAnnotations.changedBy]
    else object.metadata.annotations = { ...annotations, [serviceAnnotations.changedBy]: changedBy }
  },
  validate({ group, subresource, object, old, name }) {
    if (group !== CCS_GROUP || object === undefined || subresource === 'status') return
    // What was stored before a rule came may stay as long as nobody changes it.
    if (old !== undefined && !isSpecChange(object, old)) return
    const errors = errorsOf(object, old)
    if (errors.length > 0) throw invalidObject({ group, kind: object.kind }, name, errors)
  },
}
