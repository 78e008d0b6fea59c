-- Validators are a source's, since what they cover is.
DROP TABLE validators;
CREATE TABLE validators (
    source        TEXT COLLATE "C" NOT NULL,
    url           TEXT COLLATE "C" NOT NULL,
    -- A hash of the rules that what came with them was read by.
    rules         BIGINT NOT NULL,
    -- Each character is a byte of the header.
    etag          TEXT COLLATE "C",
    last_modified TEXT COLLATE "C",
    -- Until when it is fresh by its publisher's word, and the seconds that a feed's own `ttl` asks for.
    fresh_until   BIGINT,
    ttl           BIGINT,
    -- What of the document could not be taken: an answer that nothing has changed leaves that so.
    broken        TEXT COLLATE "C" NOT NULL DEFAULT '[]',
    PRIMARY KEY (source, url)
);

-- The pause is a host's, whatever the scheme and the port.
CREATE TABLE hosts (
    host            TEXT COLLATE "C" PRIMARY KEY,
    last_request_ms BIGINT NOT NULL
);
ALTER TABLE origins DROP COLUMN last_request_ms;

-- What we leave alone by ourselves, since it failed: a host, or an address.
CREATE TABLE back_offs (
    address  TEXT COLLATE "C" PRIMARY KEY,
    until    BIGINT NOT NULL,
    failures BIGINT NOT NULL,
    -- `trouble`, `refusal` or `gone`.
    kind     TEXT COLLATE "C" NOT NULL,
    cause    TEXT COLLATE "C" NOT NULL
);

-- What a person should know of a source, beside what failed.
ALTER TABLE sources ADD COLUMN alarms TEXT COLLATE "C" NOT NULL DEFAULT '[]';
-- From when on the record is without gap, and when the listing was last looked through for what surfaced late.
ALTER TABLE sources ADD COLUMN whole_since BIGINT;
ALTER TABLE sources ADD COLUMN audited_at BIGINT;
-- When the pages' layout was last seen to have changed.
ALTER TABLE sources ADD COLUMN layout_changed_at BIGINT;

-- When a release's page was first answered with 404 or 410, while it still is.
ALTER TABLE addresses ADD COLUMN gone_at BIGINT;

-- How the text was read from its page: by the selectors, or by the readability fallback.
ALTER TABLE releases ADD COLUMN reading TEXT COLLATE "C";
-- What of the text a person's word has removed for good: `whole`, so that none is ever stored again, or `current`,
-- until the publisher has another.
ALTER TABLE releases ADD COLUMN redacted TEXT COLLATE "C";

-- Whether an edit is minor or material; missing where it is no edit.
ALTER TABLE revisions ADD COLUMN weight TEXT COLLATE "C";

-- Texts that must never be stored again: the hashes of their paragraphs, under a hash of the whole.
CREATE TABLE redactions (
    guid      TEXT COLLATE "C" NOT NULL,
    text      BIGINT NOT NULL,
    paragraph BIGINT NOT NULL,
    at        BIGINT NOT NULL,
    PRIMARY KEY (guid, text, paragraph)
);
CREATE INDEX redactions_by_paragraph ON redactions (paragraph);

-- Paragraphs, by the hash of their words, that came into every release at once or left them: the pages' layout, and no
-- edit.
CREATE TABLE layout_paragraphs (
    source TEXT COLLATE "C" NOT NULL,
    hash   BIGINT NOT NULL,
    at     BIGINT NOT NULL,
    PRIMARY KEY (source, hash)
);
