export const CRD_GROUP = 'apiextensions.k8s.io'
export const CRD_PLURAL = 'customresourcedefinitions'
/** Holds a definition that is deleted until the last object of it is gone. */
export const CLEAN_UP_FINALIZER = 'customresourcecleanup.apiextensions.k8s.io'
