-- The runs of a batch, locked in the order of their keys, since another Weir may lock some of them. The document of a
-- run that may be larger than $2 bytes is left out; the stored size of a compressed one says little.
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
