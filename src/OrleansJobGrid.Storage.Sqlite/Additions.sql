-- Tables that came after the first files of version 1: made at each opening where they lack. A program that does not know them
-- leaves them alone, so the version stays.

-- The body comes last: a document whose body overflows is compared without reading the overflow.
CREATE TABLE IF NOT EXISTS documents (
    id          INTEGER PRIMARY KEY,
    collection  TEXT    NOT NULL,
    key         TEXT    NOT NULL,
    version     INTEGER NOT NULL,
    body        BLOB    NOT NULL,
    UNIQUE (collection, key)
);

-- Pointers to events in the order in which they were written.
CREATE TABLE IF NOT EXISTS outbox (
    number  INTEGER PRIMARY KEY,
    job_id  TEXT    NOT NULL,
    first   INTEGER NOT NULL,  -- events.n of the first
    count   INTEGER NOT NULL
);

CREATE TABLE IF NOT EXISTS outbox_state (
    one       INTEGER PRIMARY KEY CHECK (one = 1),
    capacity  INTEGER NOT NULL,  -- 0: closed
    last      INTEGER NOT NULL   -- the highest number given
);

INSERT OR IGNORE INTO outbox_state VALUES (1, 0, 0);
