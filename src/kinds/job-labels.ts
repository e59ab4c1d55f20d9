// Labels by which a job knows its pods.
export const CONTROLLER_UID = 'batch.kubernetes.io/controller-uid'
export const JOB_NAME = 'batch.kubernetes.io/job-name'
/** The same two before labels had to have a prefix; still written. */
export const LEGACY_CONTROLLER_UID = 'controller-uid'
export const LEGACY_JOB_NAME = 'job-name'
