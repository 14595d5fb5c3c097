-- Lists of texts come as JSON: an array of arrays would have to be rectangular.
INSERT INTO stage_options (
    stage_id, run_next_if_failed, retry_interval, time_out, max_retries, depends_on, run_in_parallel_with,
    fail_if_output_empty, notify_on_failure, run_as_user
)
SELECT
    s.id, s.next, s.interval, s.time_out, s.retries, ARRAY(SELECT jsonb_array_elements_text(s.depends::jsonb)),
    ARRAY(SELECT jsonb_array_elements_text(s.parallel::jsonb)), s.empty, s.notify, s.run_as
FROM unnest(
    $1::bigint[], $2::boolean[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::text[], $8::boolean[],
    $9::boolean[], $10::text[]
) AS s (id, next, interval, time_out, retries, depends, parallel, empty, notify, run_as)
ON CONFLICT DO NOTHING
