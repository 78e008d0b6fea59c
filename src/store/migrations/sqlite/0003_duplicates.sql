-- Releases are numbered in the order in which they were stored: of two that are one, the first stays.
ALTER TABLE releases ADD COLUMN number BIGINT NOT NULL DEFAULT 0;
UPDATE releases SET number = rowid;
CREATE UNIQUE INDEX releases_by_number ON releases (number);
INSERT INTO counters (name, value) SELECT 'release', COALESCE(MAX(number), 0) FROM releases;

-- A release that turned out to be part of another after it was stored stays here, out of sight, so that it can be given
-- back as it was.
ALTER TABLE releases ADD COLUMN merged_into TEXT;
CREATE INDEX releases_by_merged_into ON releases (merged_into) WHERE merged_into IS NOT NULL;

-- The version of a release's sketch. Those of before are made anew.
ALTER TABLE releases ADD COLUMN sketched BIGINT NOT NULL DEFAULT 0;
CREATE INDEX releases_by_sketched ON releases (sketched);
DROP TABLE sketches;
-- The day is the release's, counted from 1970, so that a lookup reads no further than the window.
CREATE TABLE sketches (
    hash    BIGINT NOT NULL,
    day     BIGINT NOT NULL,
    release BIGINT NOT NULL,
    PRIMARY KEY (hash, day, release)
) WITHOUT ROWID;
CREATE INDEX sketches_by_release ON sketches (release);

ALTER TABLE merges ADD COLUMN verdict TEXT NOT NULL DEFAULT 'issued again';
UPDATE merges SET verdict = CASE
    WHEN reason LIKE 'the newsroom gives both%' OR reason LIKE 'its page is gone%' THEN 'a revision'
    WHEN reason LIKE 'the texts share%' THEN 'issued again'
    ELSE 'the same' END;
-- The release that stood at this address by itself before, and the one through which this copy came along.
ALTER TABLE merges ADD COLUMN folded TEXT;
ALTER TABLE merges ADD COLUMN via TEXT;
-- The revision that this copy's text became, and when the release was updated before.
ALTER TABLE merges ADD COLUMN revision BIGINT;
ALTER TABLE merges ADD COLUMN updated_before BIGINT;

-- A person's word on whether two releases are one; it outlives every run of the rules. Each pair stands here both ways.
CREATE TABLE rulings (
    guid   TEXT NOT NULL,
    other  TEXT NOT NULL,
    is_one BIGINT NOT NULL,
    at     BIGINT NOT NULL,
    PRIMARY KEY (guid, other)
);

-- Releases that look alike and were kept apart, with what spoke against their being one. Each pair stands here both ways.
CREATE TABLE related (
    guid  TEXT NOT NULL,
    other TEXT NOT NULL,
    why   TEXT NOT NULL,
    PRIMARY KEY (guid, other)
);
