-- How many cycles have begun since the last that came to its end: one while one is under way, or where whoever was at it is gone.
ALTER TABLE sources ADD COLUMN unfinished BIGINT NOT NULL DEFAULT 0;
