-- The address of the copy whose text a revision is; missing where it is the release's own. When the copy is freed, the
-- text goes with it.
ALTER TABLE revisions ADD COLUMN copy_source TEXT COLLATE "C";
ALTER TABLE revisions ADD COLUMN copy_path TEXT COLLATE "C";
CREATE INDEX revisions_by_copy ON revisions (guid) WHERE copy_path IS NOT NULL;
ALTER TABLE merges DROP COLUMN revision;
ALTER TABLE merges DROP COLUMN updated_before;

-- When a person has removed the text of a revision; and whether that of a copy that was no release before, as in `releases`.
ALTER TABLE revisions ADD COLUMN redacted_at BIGINT;
ALTER TABLE merges ADD COLUMN redacted TEXT COLLATE "C"; -- `whole` or `current`

-- Leads that must never be stored again, by the hash of their words.
CREATE TABLE redacted_leads (
    guid TEXT COLLATE "C" NOT NULL,
    lead BIGINT NOT NULL,
    PRIMARY KEY (guid, lead)
);

-- A release that stands at the address of one of its parts: that part has none of its own any more, and goes where it goes.
ALTER TABLE releases ADD COLUMN absorbed_by TEXT COLLATE "C";

-- `ruling` goes up when a person removes, merges or splits: what was found before that may not be so any more.
INSERT INTO counters (name, value) VALUES ('ruling', 0);
