-- SQLite keeps no values for its statistics: there is nothing to do.
SELECT 1;
