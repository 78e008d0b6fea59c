-- The change by which a release was last shown otherwise than before, and the last of them that archives show: a text that
-- is taken away or given back leaves them where they are.
ALTER TABLE releases ADD COLUMN change BIGINT NOT NULL DEFAULT 0;
ALTER TABLE releases ADD COLUMN stamp BIGINT NOT NULL DEFAULT 0;
CREATE INDEX releases_by_change ON releases (change);
-- The order of archives, with all that decides where one begins, so that no text is read for it.
DROP INDEX releases_by_date;
CREATE INDEX releases_in_order ON releases (published, first_seen, guid, merged_into, stamp);

-- The change by which a feed last got, lost or shows otherwise a release, and that by which it last lost one: `/all`,
-- `/revisions`, or the id of a topic.
CREATE TABLE feed_changes (
    feed      TEXT COLLATE "C" PRIMARY KEY,
    change    BIGINT NOT NULL,
    last_loss BIGINT NOT NULL
);

-- The words that a search finds a release by: what is shown of it, in one spelling.
CREATE TABLE search_texts (
    guid  TEXT COLLATE "C" PRIMARY KEY,
    words TEXT COLLATE "C" NOT NULL
);

-- The bytes of a feed that its hub was last told of.
ALTER TABLE documents ADD COLUMN told TEXT COLLATE "C";
