-- The runs that a batch touches, locked in the order of their keys: another Weir may want some of them. Of a run that may
-- be larger than $2 bytes the document is left out; the stored size of a compressed one says little.
SELECT
    event_key,
    received_at,
    CASE
        WHEN pg_column_size(document)
            <= CASE WHEN pg_column_compression(document) IS NULL THEN $2::int ELSE $2::int / 100 END
        THEN document
    END
FROM agent_run
WHERE event_key = ANY ($1::uuid[])
ORDER BY event_key
FOR UPDATE
