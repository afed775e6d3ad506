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
