// Bounds of API Priority and Fairness. A seat is what one request holds while it is answered.

export const fairnessLimits = {
  /** Seats of one logical cluster, which its priority levels share: what Kubernetes' defaults (400 reads, 200 writes) add up to. */
  clusterSeats: 600,
  /** Seats of all logical clusters of a process. */
  processSeats: 600,
  /** Seats that a cluster has at once, however busy the others are. */
  guaranteedSeats: 20,
  /** A request holds no more than these, nor more than this part of its level's own seats. */
  seatsOfOneMax: 10,
  seatsOfOnePart: 0.15,
  /** Seats of large lists that begin in one turn of the event loop; one list in any case. */
  seatsOfATurn: 10,
  /** So many objects of a list cost a seat. */
  objectsPerSeat: 100,
  /** A quarter of the time Kubernetes gives a request. */
  waitMs: 15_000,
  /** Requests of the exempt level that wait because the process has no seat left. */
  exemptWaitingMax: 1_000,
  /** A request under way is taken to hold its seats for so long, until it ends and the truth is known. */
  assumedSeconds: 60,
} as const
