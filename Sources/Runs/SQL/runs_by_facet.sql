-- The names of a facet with the most runs. $1: the facet; $2: how many bytes the names may take together.
-- A single name that takes a large part of that is left out, so that it hides no others.
SELECT value, runs
FROM (
    SELECT
        value,
        runs,
        sum(octet_length(value)) OVER (ORDER BY runs DESC, value ROWS UNBOUNDED PRECEDING) AS bytes
    FROM agent_run_tally
    WHERE facet = $1 AND runs > 0 AND octet_length(value) <= $2::bigint / 16
) AS names
WHERE bytes <= $2
ORDER BY runs DESC, value
