-- Whether a release entered a topic's live feed when it first got the topic (`unclassified` for none at all). What was too old
-- by then stands in the topic's archive alone.
CREATE TABLE feed_entries (
    guid    TEXT NOT NULL,
    topic   TEXT NOT NULL,
    is_live BIGINT NOT NULL,
    PRIMARY KEY (guid, topic)
);
INSERT INTO feed_entries (guid, topic, is_live) SELECT guid, topic, 1 FROM tags;
INSERT INTO feed_entries (guid, topic, is_live)
SELECT r.guid, 'unclassified', 1 FROM releases r WHERE NOT EXISTS (SELECT 1 FROM tags t WHERE t.guid = r.guid);

-- The rules by which all releases were last sorted.
INSERT INTO counters (name, value) VALUES ('rules', 0);
