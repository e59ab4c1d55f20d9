// The webhooks of one kind of configuration, kept in step with what is stored: ordered by the name of
// their configuration, so that no request has to look for them.
import type {
  MutatingWebhookConfiguration,
  ValidatingWebhookConfiguration,
} from '#kinds/k8s/admissionregistration.ts'
import type { ObjectStorage } from '../../objects/object-storage.ts'
import { prefixFor } from '../../resources.ts'
import { type Hook, hooksOf } from './hook.ts'

export type ConfigurationPlural =
  | 'mutatingwebhookconfigurations'
  | 'validatingwebhookconfigurations'

export interface HookList {
  readonly hooks: readonly Hook[]
  close(): void
}

export function followHooks(objects: ObjectStorage, plural: ConfigurationPlural): HookList {
  const prefix = prefixFor('admissionregistration.k8s.io', plural)
  const read = (): Hook[] =>
    // Keys are in the order of names.
    objects
      .list(prefix)
      .flatMap(({ object }) =>
        hooksOf(object as MutatingWebhookConfiguration | ValidatingWebhookConfiguration),
      )
  let hooks = read()
  const watch = objects.store.watch(prefix, objects.revision, {
    events: () => void (hooks = read()),
  })
  return {
    get hooks() {
      return hooks
    },
    close: () => watch.close(),
  }
}
