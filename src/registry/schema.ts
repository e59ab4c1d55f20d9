// Tables of DATA/registry/meta.db. A link row (repository_blob, repository_manifest) is the only
// permission to read: content is never served by its digest alone.
//
// Every object of the blob store is named by exactly one row: of `upload` while it is received, of
// `blob` when it is complete, of `doomed_object` when nothing names it any more and its file is
// about to go. The row is there before the file and goes after it, so no crash leaves a file
// that nobody knows.
//
// `manifest_blob` and `manifest_child` say what is in use; garbage collection reads them.

export const migrations: readonly string[] = [
  `
  CREATE TABLE repository (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    project TEXT NOT NULL,
    created_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX repository_by_project ON repository (project, name);

  CREATE TABLE blob (
    id INTEGER PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE,
    size INTEGER NOT NULL,
    object_key TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE repository_blob (
    repository_id INTEGER NOT NULL REFERENCES repository (id),
    blob_id INTEGER NOT NULL REFERENCES blob (id),
    linked_at INTEGER NOT NULL,
    PRIMARY KEY (repository_id, blob_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX repository_blob_by_blob ON repository_blob (blob_id);

  CREATE TABLE upload (
    id TEXT PRIMARY KEY,
    repository_id INTEGER NOT NULL REFERENCES repository (id),
    actor TEXT NOT NULL,
    object_key TEXT NOT NULL UNIQUE,
    touched_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX upload_by_touched_at ON upload (touched_at);

  CREATE TABLE doomed_object (
    object_key TEXT PRIMARY KEY
  ) STRICT;

  CREATE TABLE manifest (
    id INTEGER PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE,
    media_type TEXT NOT NULL,
    bytes BLOB NOT NULL,
    subject TEXT,
    artifact_type TEXT,
    annotations TEXT,
    platforms TEXT NOT NULL,
    image_size INTEGER NOT NULL,
    created_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX manifest_by_subject ON manifest (subject, digest) WHERE subject IS NOT NULL;

  CREATE TABLE repository_manifest (
    repository_id INTEGER NOT NULL REFERENCES repository (id),
    manifest_id INTEGER NOT NULL REFERENCES manifest (id),
    linked_at INTEGER NOT NULL,
    PRIMARY KEY (repository_id, manifest_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX repository_manifest_by_manifest ON repository_manifest (manifest_id);

  CREATE TABLE manifest_blob (
    manifest_id INTEGER NOT NULL REFERENCES manifest (id) ON DELETE CASCADE,
    blob_id INTEGER NOT NULL REFERENCES blob (id),
    PRIMARY KEY (manifest_id, blob_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX manifest_blob_by_blob ON manifest_blob (blob_id);

  CREATE TABLE manifest_child (
    manifest_id INTEGER NOT NULL REFERENCES manifest (id) ON DELETE CASCADE,
    child_id INTEGER NOT NULL REFERENCES manifest (id),
    PRIMARY KEY (manifest_id, child_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX manifest_child_by_child ON manifest_child (child_id);

  CREATE TABLE tag (
    repository_id INTEGER NOT NULL REFERENCES repository (id),
    name TEXT NOT NULL,
    manifest_id INTEGER NOT NULL REFERENCES manifest (id),
    pushed_at INTEGER NOT NULL,
    PRIMARY KEY (repository_id, name)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX tag_by_manifest ON tag (manifest_id);
  `,
  `
  CREATE TABLE event (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    type TEXT NOT NULL,
    actor TEXT NOT NULL,
    repository TEXT NOT NULL,
    tag TEXT,
    digest TEXT,
    previous TEXT
  ) STRICT;
  CREATE INDEX event_by_at ON event (at);
  `,
  // What a manifest refers to that was not in its repository when it came (decision 59).
  `
  CREATE TABLE manifest_missing (
    manifest_id INTEGER NOT NULL REFERENCES manifest (id) ON DELETE CASCADE,
    digest TEXT NOT NULL,
    PRIMARY KEY (manifest_id, digest)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX manifest_missing_by_digest ON manifest_missing (digest);
  `,
  // What may not be needed any more, each looked at when it is due; and what was deleted and can be had back.
  `
  CREATE TABLE review (
    kind TEXT NOT NULL,
    repository_id INTEGER NOT NULL REFERENCES repository (id),
    target_id INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    PRIMARY KEY (kind, repository_id, target_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX review_by_due_at ON review (due_at);

  CREATE TABLE trash (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    repository_id INTEGER NOT NULL REFERENCES repository (id),
    manifest_id INTEGER NOT NULL REFERENCES manifest (id),
    tags TEXT NOT NULL,
    deleted_at INTEGER NOT NULL,
    deleted_by TEXT NOT NULL
  ) STRICT;
  CREATE INDEX trash_by_manifest ON trash (manifest_id);
  CREATE INDEX trash_by_deleted_at ON trash (deleted_at);
  CREATE INDEX trash_by_repository ON trash (repository_id, manifest_id);

  INSERT INTO review (kind, repository_id, target_id, due_at)
    SELECT 'blob', repository_id, blob_id, linked_at FROM repository_blob;
  `,
  // What each project takes on disk: what two of its repositories share counts once.
  `
  CREATE TABLE project_usage (
    project TEXT PRIMARY KEY,
    bytes INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  INSERT INTO project_usage (project, bytes)
    SELECT project, sum(size) FROM (
      SELECT DISTINCT project, 'blob', blob.id, size FROM repository_blob
        JOIN repository ON repository.id = repository_id JOIN blob ON blob.id = blob_id
      UNION ALL
      SELECT DISTINCT project, 'manifest', manifest.id, length(bytes) FROM repository_manifest
        JOIN repository ON repository.id = repository_id JOIN manifest ON manifest.id = manifest_id
    ) GROUP BY project;
  `,
  // Blobs whose bytes were found to be wrong are read no more, until they are pushed again.
  `
  ALTER TABLE blob ADD COLUMN checked_at INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE blob ADD COLUMN damaged_at INTEGER;
  CREATE INDEX blob_by_checked_at ON blob (checked_at) WHERE damaged_at IS NULL;
  `,
]
