-- A completion is known by run, task_id and hash, which the weblog and a trace file both tell, whatever columns the file
-- has. Until now attempt, status, exit, submit, start and complete belonged to its key, so that a trace file with
-- Nextflow's default columns counted the tasks of its run a second time.
--
-- Rows get the key that the loader makes now: the first half of the SHA-256 of run_key, then of task_id and hash, each
-- behind its length in eight bytes, the least significant first. Completions without a hash keep their key. Where a
-- task was counted twice before, the first row gets the new key and the others keep the old one, since the rollups
-- hold them; a replay of the journal counts them once.
UPDATE completion AS c
SET completion_key = k.new_key
FROM (
    SELECT
        run_key, completion_key,
        encode(substring(sha256(
            uuid_send(run_key)
            || set_byte(set_byte('\x0000000000000000'::bytea, 0, octet_length(task_id) & 255), 1, octet_length(task_id) >> 8)
            || convert_to(task_id, 'UTF8')
            || set_byte(set_byte('\x0000000000000000'::bytea, 0, octet_length(hash) & 255), 1, octet_length(hash) >> 8)
            || convert_to(hash, 'UTF8')
        ) FROM 1 FOR 16), 'hex')::uuid AS new_key,
        row_number() OVER (PARTITION BY run_key, task_id, hash ORDER BY telemetry_id, completion_key) AS place
    FROM completion
    WHERE task_id IS NOT NULL
      AND hash <> ''
) AS k
WHERE k.place = 1
  AND c.run_key = k.run_key
  AND c.completion_key = k.completion_key;

COMMENT ON COLUMN completion.completion_key IS
    'digest of (run_key, task_id, hash); without a hash of (run_key, task_id, attempt, status, exit, submit, start, complete)';
