-- Dead letters by stream, state and SQLSTATE.
SELECT stream, state, sql_state, count(*) AS letters, max(received_at)::timestamptz(0)::text AS newest
FROM dead_letter
GROUP BY stream, state, sql_state
ORDER BY stream, state, sql_state
