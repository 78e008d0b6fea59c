-- Whether the last cycle has not come to its end: it is under way, or whoever was at it is gone.
ALTER TABLE sources ADD COLUMN is_under_way BIGINT NOT NULL DEFAULT 0;
