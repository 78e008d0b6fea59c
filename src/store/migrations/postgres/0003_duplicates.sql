-- Releases are numbered in the order in which they were stored: of two that are one, the first stays.
ALTER TABLE releases ADD COLUMN number BIGINT NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX releases_by_number ON releases (number);
INSERT INTO counters (name, value) VALUES ('release', 0);

-- A release that turned out to be part of another after it was stored stays here, out of sight, so that it can be given
-- back as it was.
ALTER TABLE releases ADD COLUMN merged_into TEXT COLLATE "C";
CREATE INDEX releases_by_merged_into ON releases (merged_into) WHERE merged_into IS NOT NULL;

-- The version of a release's sketch. Those of another version than the program's are made anew.
ALTER TABLE releases ADD COLUMN sketched BIGINT NOT NULL DEFAULT 0;
CREATE INDEX releases_by_sketched ON releases (sketched);
DROP TABLE sketches;
-- The day is the release's, counted from 1970, so that a lookup reads no further than the window.
CREATE TABLE sketches (
    hash    BIGINT NOT NULL,
    day     BIGINT NOT NULL,
    release BIGINT NOT NULL,
    PRIMARY KEY (hash, day, release)
);
CREATE INDEX sketches_by_release ON sketches (release);

ALTER TABLE merges ADD COLUMN verdict TEXT COLLATE "C" NOT NULL DEFAULT 'issued again';
-- The release that stood at this address by itself before, and the one through which this copy came along.
ALTER TABLE merges ADD COLUMN folded TEXT COLLATE "C";
ALTER TABLE merges ADD COLUMN via TEXT COLLATE "C";
-- The revision that this copy's text became, and when the release was updated before.
ALTER TABLE merges ADD COLUMN revision BIGINT;
ALTER TABLE merges ADD COLUMN updated_before BIGINT;

-- A person's word on whether two releases are one; it outlives every run of the rules. Each pair stands here both ways.
CREATE TABLE rulings (
    guid   TEXT COLLATE "C" NOT NULL,
    other  TEXT COLLATE "C" NOT NULL,
    is_one BIGINT NOT NULL,
    at     BIGINT NOT NULL,
    PRIMARY KEY (guid, other)
);

-- Releases that look alike and were kept apart, with what spoke against their being one. Each pair stands here both ways.
CREATE TABLE related (
    guid  TEXT COLLATE "C" NOT NULL,
    other TEXT COLLATE "C" NOT NULL,
    why   TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (guid, other)
);
