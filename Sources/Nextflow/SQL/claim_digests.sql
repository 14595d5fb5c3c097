-- Claims the digests of a batch. A digest that was claimed within ten minutes of this time keeps its time; a row that
-- returns with the new time is a new event, any other is a resend.
-- $1: digests, $2: their times of arrival.
INSERT INTO recent_digest AS d (digest, received_at)
SELECT * FROM unnest($1::uuid[], $2::timestamptz[]) AS n (digest, received_at)
ORDER BY n.digest
ON CONFLICT (digest) DO UPDATE SET
    received_at = CASE
        WHEN excluded.received_at - d.received_at BETWEEN interval '-10 minutes' AND interval '10 minutes'
        THEN d.received_at
        ELSE excluded.received_at
    END
RETURNING digest, received_at
