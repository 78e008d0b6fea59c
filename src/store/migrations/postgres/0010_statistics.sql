-- For its statistics the server copies values out of the tables, and what is removed there stays in those copies. None is asked
-- for by these columns, so no plan needs theirs.
ALTER TABLE addresses ALTER feed_seen SET STATISTICS 0, ALTER listing_seen SET STATISTICS 0;
ALTER TABLE merges ALTER title SET STATISTICS 0, ALTER lead SET STATISTICS 0, ALTER body SET STATISTICS 0,
    ALTER reason SET STATISTICS 0, ALTER verdict SET STATISTICS 0;
ALTER TABLE related ALTER why SET STATISTICS 0;
ALTER TABLE releases ALTER title SET STATISTICS 0, ALTER lead SET STATISTICS 0, ALTER body SET STATISTICS 0;
ALTER TABLE revisions ALTER title SET STATISTICS 0, ALTER lead SET STATISTICS 0, ALTER body SET STATISTICS 0;
ALTER TABLE search_texts ALTER words SET STATISTICS 0;
ALTER TABLE tags ALTER evidence SET STATISTICS 0;
