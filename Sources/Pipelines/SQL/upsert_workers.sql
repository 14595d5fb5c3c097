-- The rows are locked by whoever changes them, or new.
INSERT INTO worker_client
SELECT r.* FROM jsonb_populate_recordset(NULL::worker_client, $1::jsonb) AS r
ON CONFLICT (id) DO UPDATE SET
    worker_name = excluded.worker_name, worker_version = excluded.worker_version,
    sdk_version = excluded.sdk_version, environment = excluded.environment, host_name = excluded.host_name,
    pid = excluded.pid, state = excluded.state, status_reason = excluded.status_reason,
    session_hash = excluded.session_hash, session_expires_at = excluded.session_expires_at,
    session_at = excluded.session_at, broker_connected = excluded.broker_connected,
    in_flight_jobs = excluded.in_flight_jobs, jobs_processed = excluded.jobs_processed,
    jobs_failed = excluded.jobs_failed, queue_lag = excluded.queue_lag, cpu_percent = excluded.cpu_percent,
    memory_mb = excluded.memory_mb, uptime_sec = excluded.uptime_sec, last_error = excluded.last_error,
    started_at = excluded.started_at,
    last_seen_at = excluded.last_seen_at, stopped_at = excluded.stopped_at, updated_at = excluded.updated_at,
    lost_at = excluded.lost_at, supported_handlers = excluded.supported_handlers,
    capabilities = excluded.capabilities, metadata = excluded.metadata, marks = excluded.marks
