-- The command and the webhook are told each for itself, so that one which does not hear keeps nothing from the other.
ALTER TABLE episodes ADD COLUMN receiver TEXT COLLATE "C" NOT NULL DEFAULT 'command';
ALTER TABLE episodes DROP CONSTRAINT episodes_pkey;
ALTER TABLE episodes ADD PRIMARY KEY (source, kind, receiver);
ALTER TABLE episodes ALTER COLUMN receiver DROP DEFAULT;
INSERT INTO episodes (source, kind, receiver, text, began_at, ended_at, is_told)
    SELECT source, kind, 'webhook', text, began_at, ended_at, is_told FROM episodes;
