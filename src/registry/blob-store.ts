// Where the bytes of blobs are: objects under random keys, written once from front to back. Which
// digest an object has, and whether anyone may read it, is only in the metadata. The same seam
// fits a directory and an object storage.

export interface ObjectWriter {
  /** Bytes of the object when all writes are done. */
  readonly size: number
  /** Takes a chunk; the caller must not change it any more. Waits while too much is under way. */
  write(chunk: Uint8Array): Promise<void>
  /** Ends writing; `durable` means that the object survives a power loss. */
  close(options: { durable: boolean }): Promise<void>
  /** Ends writing and takes back everything since the writer was opened. */
  abort(): Promise<void>
}

export interface BlobStore {
  /** Opens an object, made if missing, for writing at `offset`; what lies behind it is dropped. */
  append(key: string, offset: number): Promise<ObjectWriter>
  /** Size in bytes, or nothing when there is no such object. */
  size(key: string): Promise<number | undefined>
  /** Reads a part of an object; of an empty part nothing, object or not. A chunk is valid until the next one is asked for. */
  read(key: string, part: { start: number; endExclusive: number }): AsyncIterable<Uint8Array>
  /** Removes an object; does nothing when it is gone already. */
  remove(key: string): Promise<void>
  /** Every key there is, for checks; not in any order. */
  keys(): AsyncIterable<string>
}
