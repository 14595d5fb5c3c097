-- The completions of a window grouped by all columns of the counting endpoints, and, the same in every row, how much
-- of the requested memory was used.
-- $1, $2: the window, both inclusive, null where it is open; $3: run name; $4: process; $5: executor; $6: machine type;
-- null for all.
SELECT
    process, attempt, status, exit, error_action,
    sum(rows)::bigint AS rows,
    max(last_utc) AS last_utc,
    round(
        100 * sum(sum(memory_eff)) OVER () / nullif(sum(sum(memory_eff_n)) OVER (), 0), 2
    ) AS memory_efficiency_pct
FROM completion_facts(
    $1::timestamptz, $2::timestamptz, $3::text, $4::text, only_executor => $5::text, only_machine_type => $6::text
)
GROUP BY process, attempt, status, exit, error_action
