-- Takes the next delivery of each channel that has one due, for a time ($2 seconds), at most $1; of the channel $3 only,
-- where it is not null; $4 takes them. A channel's deliveries are sent one after the other; one whose sender has died is
-- taken again when its time is over.
WITH heads AS (
    SELECT h.uuid
    FROM notification_channel c
    CROSS JOIN LATERAL (
        SELECT d.uuid, d.status, d.next_attempt_at, d.lease_until
        FROM alert_delivery d
        WHERE d.channel_id = c.uuid AND d.status IN ('pending', 'sending', 'retrying')
        ORDER BY d.position
        LIMIT 1
    ) h
    WHERE c.enabled
      AND ($3::uuid IS NULL OR c.uuid = $3::uuid)
      AND CASE
          WHEN h.status = 'sending' THEN h.lease_until < now() OR h.lease_until > now() + interval '1 hour'
          ELSE h.next_attempt_at <= now() OR h.next_attempt_at > now() + interval '1 day'
      END
),
taken AS (
    SELECT d.uuid
    FROM alert_delivery d
    JOIN heads USING (uuid)
    -- Checked again on the locked row: another Weir may have taken it since.
    WHERE d.status IN ('pending', 'retrying')
       OR (d.status = 'sending' AND (d.lease_until < now() OR d.lease_until > now() + interval '1 hour'))
    ORDER BY d.position
    LIMIT $1
    FOR UPDATE OF d SKIP LOCKED
)
UPDATE alert_delivery d
SET status = 'sending', attempts = d.attempts + 1, lease_until = now() + $2 * interval '1 second',
    lease_owner = $4, updated_at = now()
FROM taken
WHERE d.uuid = taken.uuid
RETURNING d.uuid, d.channel_id, d.message::text AS message, d.payload::text AS payload, d.attempts, d.max_attempts,
          d.created_at
