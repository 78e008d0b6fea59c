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

-- Whether a person has removed the text of a revision.
ALTER TABLE revisions ADD COLUMN redacted BIGINT NOT NULL DEFAULT 0;
UPDATE revisions SET redacted = 1 WHERE EXISTS
    (SELECT 1 FROM releases r WHERE r.guid = revisions.guid AND (r.redacted = 'whole' OR r.redacted = 'current'
     AND revisions.number = (SELECT MAX(v.number) FROM revisions v WHERE v.guid = r.guid)));
-- The same of a copy that was no release before, as in `releases`; and by which hash its text is known again.
ALTER TABLE merges ADD COLUMN redacted TEXT;
ALTER TABLE merges ADD COLUMN removed BIGINT;
UPDATE merges SET redacted = 'whole'
WHERE EXISTS (SELECT 1 FROM releases r WHERE r.guid = merges.guid AND r.redacted = 'whole');
UPDATE merges SET redacted = 'current' WHERE redacted IS NULL AND folded IS NULL AND lead IS NULL AND body IS NULL
AND EXISTS (SELECT 1 FROM redactions x WHERE x.guid = merges.guid);

-- `word` goes up when a person removes, merges or splits: what was found before that may not be so any more.
INSERT INTO counters (name, value) VALUES ('word', 0);
