// How many devices a request asks for when it does not say.
import type { Device, DeviceClaim, DeviceSubRequest, ExactDeviceRequest } from '../k8s/resource.ts'

export function defaultDeviceClaim(claim: DeviceClaim | undefined): void {
  for (const { exactly, firstAvailable } of claim?.requests ?? []) {
    if (exactly !== undefined) defaultAmount(exactly)
    for (const request of firstAvailable ?? []) defaultAmount(request)
  }
}

function defaultAmount(request: ExactDeviceRequest | DeviceSubRequest): void {
  request.allocationMode ??= 'ExactCount'
  if (request.allocationMode === 'ExactCount') request.count ||= 1
}

export function defaultDevice(device: Device): void {
  for (const mapping of Object.values(device.nodeAllocatableResourceMappings ?? {}))
    mapping.allocationMultiplier ??= '1'
}
