-- The command and the webhook are told each for itself, so that one which does not hear keeps nothing from the other.
CREATE TABLE episodes_by_receiver (
    source     TEXT NOT NULL,
    kind       TEXT NOT NULL,
    -- 'command' or 'webhook'.
    receiver   TEXT NOT NULL,
    text       TEXT NOT NULL,
    began_at   BIGINT NOT NULL,
    -- When it was last seen to be over.
    ended_at   BIGINT,
    -- Whether its beginning was told, and since when somebody is about to tell what is next.
    is_told    BIGINT NOT NULL DEFAULT 0,
    telling_at BIGINT,
    PRIMARY KEY (source, kind, receiver)
);
INSERT INTO episodes_by_receiver (source, kind, receiver, text, began_at, ended_at, is_told)
    SELECT source, kind, 'command', text, began_at, ended_at, is_told FROM episodes
    UNION ALL SELECT source, kind, 'webhook', text, began_at, ended_at, is_told FROM episodes;
DROP TABLE episodes;
ALTER TABLE episodes_by_receiver RENAME TO episodes;
