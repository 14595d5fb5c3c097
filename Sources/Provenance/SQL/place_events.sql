-- Gives the next places to events that wait for one, in the order in which they were written. The caller holds the row of
-- provenance_feed.
WITH waiting AS (
    DELETE FROM provenance_unplaced
    WHERE ordinal IN (SELECT ordinal FROM provenance_unplaced ORDER BY ordinal LIMIT $1)
    RETURNING ordinal, event_id
), feed AS (
    UPDATE provenance_feed SET last_position = last_position + (SELECT count(*) FROM waiting)
    RETURNING last_position
), placed AS (
    INSERT INTO provenance_position (position, event_id)
    SELECT feed.last_position - count(*) OVER () + row_number() OVER (ORDER BY ordinal), event_id
    FROM waiting, feed
    ORDER BY ordinal
    RETURNING position
)
SELECT count(*) AS placed FROM placed
