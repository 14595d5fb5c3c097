-- Stored outbox events by kind; they are kept until every consumer has taken them.
SELECT kind, count(*) AS events, min(at)::timestamptz(0)::text AS oldest, max(at)::timestamptz(0)::text AS newest
FROM outbox_event
GROUP BY kind
ORDER BY kind
