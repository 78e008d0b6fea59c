-- Times are epoch seconds in UTC unless a name says otherwise.

-- SQLite compares texts byte by byte, and what is listed in which order must not depend on the database: its own collation
-- may follow a language's rules, which differ from system to system and from one version of its library to the next. So every
-- text is "C".

-- The steps are those of SQLite, version by version, so that a version tells what the tables are on either. PostgreSQL came
-- when there were seven, and a store on it is taken through all of them at once, while it is empty: where SQLite's bring rows
-- along, these have none.

-- `change` goes up with every transaction that changes what is shown.
CREATE TABLE counters (
    name  TEXT COLLATE "C" PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO counters (name, value) VALUES ('change', 0);

CREATE TABLE leases (
    name       TEXT COLLATE "C" PRIMARY KEY,
    holder     TEXT COLLATE "C" NOT NULL,
    purpose    TEXT COLLATE "C" NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE TABLE sources (
    id              TEXT COLLATE "C" PRIMARY KEY,
    last_cycle_at   BIGINT,
    last_success_at BIGINT,
    failing_since   BIGINT,
    trouble         TEXT COLLATE "C" NOT NULL DEFAULT '[]',
    listing_read_at BIGINT,
    -- An open gap: releases stored up to this change were known before it opened.
    gap_change      BIGINT,
    gap_opened_at   BIGINT,
    -- The listings that have been paged back to what was known, while others failed.
    gap_reached     TEXT COLLATE "C" NOT NULL DEFAULT '[]',
    -- The page of the listing that the history has been read to, a hash of what it showed, and how far back the history
    -- is filled; 0 is the whole archive.
    history_page    BIGINT NOT NULL DEFAULT 0,
    history_print   BIGINT,
    history_since   BIGINT
);

CREATE TABLE validators (
    url           TEXT COLLATE "C" PRIMARY KEY,
    -- A hash of the rules that what came with them was read by.
    rules         BIGINT NOT NULL,
    etag          TEXT COLLATE "C",
    last_modified TEXT COLLATE "C"
);

-- What is known of a server: when it was last asked, and its robots.txt.
CREATE TABLE origins (
    origin          TEXT COLLATE "C" PRIMARY KEY,
    last_request_ms BIGINT NOT NULL DEFAULT 0,
    robots          TEXT COLLATE "C",
    robots_at       BIGINT
);

-- Until when an origin (429) or an address (503) is not to be asked.
CREATE TABLE holds (
    address TEXT COLLATE "C" PRIMARY KEY,
    until   BIGINT NOT NULL,
    reason  TEXT COLLATE "C" NOT NULL
);

CREATE TABLE releases (
    guid       TEXT COLLATE "C" PRIMARY KEY,
    source     TEXT COLLATE "C" NOT NULL,
    url        TEXT COLLATE "C" NOT NULL,
    title      TEXT COLLATE "C" NOT NULL,
    lead       TEXT COLLATE "C",
    -- Sanitised HTML; missing while the release's own page could not be read.
    body       TEXT COLLATE "C",
    published  BIGINT NOT NULL,
    first_seen BIGINT NOT NULL,
    updated    BIGINT NOT NULL,
    status     TEXT COLLATE "C" NOT NULL
);
CREATE INDEX releases_by_date ON releases (published, guid);

-- Every address that a release was seen under; the key is the path, whatever the host.
CREATE TABLE addresses (
    source        TEXT COLLATE "C" NOT NULL,
    path          TEXT COLLATE "C" NOT NULL,
    url           TEXT COLLATE "C" NOT NULL,
    guid          TEXT COLLATE "C" NOT NULL,
    upstream_guid TEXT COLLATE "C",
    -- What the feed and the listing last said of it, so that a change there is noticed.
    feed_seen     TEXT COLLATE "C",
    listing_seen  TEXT COLLATE "C",
    change        BIGINT NOT NULL,
    first_seen    BIGINT NOT NULL,
    page_due      BIGINT,
    page_failures BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (source, path)
);
CREATE INDEX addresses_by_guid ON addresses (guid);
CREATE INDEX addresses_by_upstream_guid ON addresses (source, upstream_guid);
CREATE INDEX addresses_by_due ON addresses (source, page_due);

CREATE TABLE revisions (
    guid    TEXT COLLATE "C" NOT NULL,
    number  BIGINT NOT NULL,
    at      BIGINT NOT NULL,
    cause   TEXT COLLATE "C" NOT NULL,
    title   TEXT COLLATE "C" NOT NULL,
    lead    TEXT COLLATE "C",
    body    TEXT COLLATE "C",
    changed TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (guid, number)
);

CREATE TABLE tags (
    guid       TEXT COLLATE "C" NOT NULL,
    topic      TEXT COLLATE "C" NOT NULL,
    score      DOUBLE PRECISION NOT NULL,
    implied_by TEXT COLLATE "C",
    evidence   TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (guid, topic)
);
CREATE INDEX tags_by_topic ON tags (topic, guid);

-- A copy keeps its own text, so that a merge can be undone.
CREATE TABLE merges (
    source    TEXT COLLATE "C" NOT NULL,
    path      TEXT COLLATE "C" NOT NULL,
    guid      TEXT COLLATE "C" NOT NULL,
    url       TEXT COLLATE "C" NOT NULL,
    title     TEXT COLLATE "C" NOT NULL,
    lead      TEXT COLLATE "C",
    body      TEXT COLLATE "C",
    published BIGINT NOT NULL,
    reason    TEXT COLLATE "C" NOT NULL,
    at        BIGINT NOT NULL,
    PRIMARY KEY (source, path)
);
CREATE INDEX merges_by_guid ON merges (guid);

-- A person's word on a topic of a release; it outlives every run of the rules.
CREATE TABLE corrections (
    guid   TEXT COLLATE "C" NOT NULL,
    topic  TEXT COLLATE "C" NOT NULL,
    wanted BIGINT NOT NULL,
    at     BIGINT NOT NULL,
    PRIMARY KEY (guid, topic)
);

CREATE TABLE sketches (
    hash BIGINT NOT NULL,
    guid TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (hash, guid)
);
CREATE INDEX sketches_by_guid ON sketches (guid);

-- When the bytes of a published document last changed.
CREATE TABLE documents (
    path       TEXT COLLATE "C" PRIMARY KEY,
    etag       TEXT COLLATE "C" NOT NULL,
    changed_at BIGINT NOT NULL
);
