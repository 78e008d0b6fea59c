-- Whether a release entered a topic's live feed when it first got the topic (`unclassified` for none at all). What was too old
-- by then stands in the topic's archive alone.
CREATE TABLE feed_entries (
    guid    TEXT COLLATE "C" NOT NULL,
    topic   TEXT COLLATE "C" NOT NULL,
    is_live BIGINT NOT NULL,
    PRIMARY KEY (guid, topic)
);

-- The rules by which all releases were last sorted.
INSERT INTO counters (name, value) VALUES ('rules', 0);
