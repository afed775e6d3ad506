-- Version 1. Everything of a job lies in this one file, so that one transaction writes a batch whole.

CREATE TABLE meta (
    one       INTEGER PRIMARY KEY CHECK (one = 1),
    store_id  TEXT    NOT NULL,
    clock     INTEGER NOT NULL,  -- high-water mark of the store's clock, Unix ms
    sequence  INTEGER NOT NULL   -- no number below this is given after a restart
);

-- The record comes last: a row whose record overflows is compared without reading the overflow.
CREATE TABLE jobs (
    id            INTEGER PRIMARY KEY,
    job_id        TEXT    NOT NULL UNIQUE,
    version       INTEGER NOT NULL,
    operation_id  BLOB    NOT NULL,
    queue_id      INTEGER NOT NULL,  -- of the ready entry; 0: none
    ready_number  INTEGER NOT NULL,
    events        INTEGER NOT NULL,  -- how many were appended so far
    record        BLOB    NOT NULL
);

CREATE TABLE events (
    job   INTEGER NOT NULL,  -- jobs.id
    n     INTEGER NOT NULL,
    body  BLOB    NOT NULL,
    PRIMARY KEY (job, n)
) WITHOUT ROWID;

-- Names of indexes (kind 0) and queues (kind 1) with what they hold, so that counting reads one row.
-- An index that holds nothing is dropped; a queue keeps its last number for ever.
CREATE TABLE collections (
    id           INTEGER PRIMARY KEY,
    kind         INTEGER NOT NULL,
    name         TEXT    NOT NULL,
    last_number  INTEGER NOT NULL,
    entries      INTEGER NOT NULL,
    UNIQUE (kind, name)
);

CREATE TABLE entries (
    index_id  INTEGER NOT NULL,
    score     INTEGER NOT NULL,
    job_id    TEXT    NOT NULL,
    PRIMARY KEY (index_id, score, job_id)
) WITHOUT ROWID;

CREATE TABLE ready (
    queue_id   INTEGER NOT NULL,
    number     INTEGER NOT NULL,
    job_id     TEXT    NOT NULL,
    priority   INTEGER NOT NULL,
    time       INTEGER NOT NULL,
    sequence   INTEGER NOT NULL,
    signature  INTEGER NOT NULL,
    customer   TEXT    NOT NULL,
    PRIMARY KEY (queue_id, number)
) WITHOUT ROWID;

CREATE TABLE signatures (hash INTEGER PRIMARY KEY, text TEXT NOT NULL);

CREATE TABLE counters (name TEXT PRIMARY KEY, sum INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE sessions (
    id          TEXT    PRIMARY KEY,
    worker_id   TEXT    NOT NULL,
    home        TEXT    NOT NULL,
    body        BLOB    NOT NULL,
    expires_at  INTEGER NOT NULL,
    ended       INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE ended (session TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE passes (name TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
