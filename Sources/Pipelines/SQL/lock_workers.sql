SELECT w.*, encode(w.session_hash, 'hex') AS session, a.name AS application
FROM worker_client w
LEFT JOIN application a ON a.id = w.application_id
WHERE w.id = ANY ($1::bigint[])
   OR (w.application_id, w.instance_id) IN (SELECT * FROM unnest($2::bigint[], $3::text[]))
ORDER BY w.id
FOR NO KEY UPDATE OF w
