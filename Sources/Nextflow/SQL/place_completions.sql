-- Notes where attempts ran whose completion another client had told, or another call: the greatest stays, so that the
-- order does not matter.
-- $1, $2: runs and keys of completions; $3, $4: their executors and machine types.
UPDATE completion c SET
    executor     = greatest(c.executor, n.executor),
    machine_type = greatest(c.machine_type, n.machine_type)
FROM (
    SELECT run_key, completion_key, max(executor) AS executor, max(machine_type) AS machine_type
    FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[]) AS u (run_key, completion_key, executor, machine_type)
    GROUP BY run_key, completion_key
) n
WHERE c.run_key = n.run_key
  AND c.completion_key = n.completion_key
  AND (c.executor, c.machine_type)
      IS DISTINCT FROM (greatest(c.executor, n.executor), greatest(c.machine_type, n.machine_type))
