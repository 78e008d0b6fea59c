-- The address of the copy whose text a revision is; missing where it is the release's own. When the copy is freed, the
-- text goes with it.
ALTER TABLE revisions ADD COLUMN copy_source TEXT;
ALTER TABLE revisions ADD COLUMN copy_path TEXT;
CREATE INDEX revisions_by_copy ON revisions (guid) WHERE copy_path IS NOT NULL;
-- A copy that came along with a release was that release's when its text was taken.
UPDATE revisions SET copy_source = m.source, copy_path = m.path FROM merges m
WHERE revisions.guid = COALESCE(m.via, m.guid) AND revisions.number = m.revision;
-- What was withdrawn or restored had the text that was there before.
UPDATE revisions SET copy_source = o.copy_source, copy_path = o.copy_path FROM revisions o
WHERE revisions.cause IN ('withdrawn', 'restored') AND o.guid = revisions.guid AND o.number =
    (SELECT MAX(e.number) FROM revisions e WHERE e.guid = revisions.guid AND e.number < revisions.number
     AND e.cause NOT IN ('withdrawn', 'restored'));
ALTER TABLE merges DROP COLUMN revision;
ALTER TABLE merges DROP COLUMN updated_before;

-- A release that is part of another keeps its text by itself. Where its page came late, only the copy had all of it.
INSERT INTO revisions (guid, number, at, cause, title, lead, body, changed)
SELECT r.guid, (SELECT MAX(v.number) + 1 FROM revisions v WHERE v.guid = r.guid), m.at, 'completed', m.title, m.lead, m.body, '["body"]'
FROM merges m JOIN releases r ON r.guid = m.folded
WHERE r.body IS NULL AND r.redacted IS NULL AND m.body IS NOT NULL;
UPDATE releases SET title = m.title, lead = m.lead, body = m.body FROM merges m
WHERE m.folded = releases.guid AND releases.body IS NULL AND releases.redacted IS NULL AND m.body IS NOT NULL;
UPDATE merges SET lead = NULL, body = NULL WHERE folded IS NOT NULL;

-- When a person has removed the text of a revision; and whether that of a copy that was no release before, as in `releases`.
ALTER TABLE revisions ADD COLUMN redacted_at BIGINT;
UPDATE revisions SET redacted_at = (SELECT r.updated FROM releases r WHERE r.guid = revisions.guid)
WHERE lead IS NULL AND body IS NULL AND (EXISTS
    (SELECT 1 FROM releases r WHERE r.guid = revisions.guid AND r.redacted = 'whole')
    OR EXISTS (SELECT 1 FROM redactions x WHERE x.guid = revisions.guid)
    OR EXISTS (SELECT 1 FROM releases r WHERE r.guid = revisions.guid AND r.redacted = 'current' AND revisions.number =
        (SELECT MAX(v.number) FROM revisions v WHERE v.guid = r.guid)));
-- What was removed of a part was known again by the release that it is part of alone.
INSERT INTO redactions (guid, text, paragraph, at)
SELECT r.guid, x.text, x.paragraph, x.at FROM redactions x JOIN releases r ON r.merged_into = x.guid
WHERE r.redacted IS NOT NULL
ON CONFLICT (guid, text, paragraph) DO NOTHING;
ALTER TABLE merges ADD COLUMN redacted TEXT; -- `whole` or `current`
UPDATE merges SET redacted = 'whole'
WHERE EXISTS (SELECT 1 FROM releases r WHERE r.guid = merges.guid AND r.redacted = 'whole');
UPDATE merges SET redacted = 'current' WHERE redacted IS NULL AND folded IS NULL AND lead IS NULL AND body IS NULL
AND EXISTS (SELECT 1 FROM redactions x WHERE x.guid = merges.guid);

-- Leads that must never be stored again, by the hash of their words.
CREATE TABLE redacted_leads (
    guid TEXT NOT NULL,
    lead BIGINT NOT NULL,
    PRIMARY KEY (guid, lead)
);
-- What the ways in said of a text that is removed until there is another held its lead so far.
UPDATE addresses SET feed_seen = substr(feed_seen, 1, instr(feed_seen || char(10), char(10)) - 1) || char(10),
    listing_seen = substr(listing_seen, 1, instr(listing_seen || char(10), char(10)) - 1) || char(10)
WHERE EXISTS (SELECT 1 FROM releases r WHERE r.guid = addresses.guid AND r.redacted = 'current')
OR EXISTS (SELECT 1 FROM merges m WHERE m.source = addresses.source AND m.path = addresses.path AND m.redacted IS NOT NULL)
OR EXISTS (SELECT 1 FROM merges m JOIN releases f ON f.guid = m.folded
    WHERE m.source = addresses.source AND m.path = addresses.path AND f.redacted IS NOT NULL);

-- A release that stands at the address of one of its parts: that part has none of its own any more, and goes where it goes.
ALTER TABLE releases ADD COLUMN absorbed_by TEXT;

-- `ruling` goes up when a person removes, merges or splits: what was found before that may not be so any more.
INSERT INTO counters (name, value) VALUES ('ruling', 0);
