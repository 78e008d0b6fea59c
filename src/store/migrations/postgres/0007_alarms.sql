-- What is the matter with a source, from when to when, as far as somebody has to be told. A row goes when the all-clear is told.
CREATE TABLE episodes (
    source     TEXT COLLATE "C" NOT NULL,
    kind       TEXT COLLATE "C" NOT NULL,
    text       TEXT COLLATE "C" NOT NULL,
    began_at   BIGINT NOT NULL,
    -- When it was last seen to be over.
    ended_at   BIGINT,
    -- Whether its beginning was told, and since when somebody is about to tell what is next.
    is_told    BIGINT NOT NULL DEFAULT 0,
    telling_at BIGINT,
    PRIMARY KEY (source, kind)
);
