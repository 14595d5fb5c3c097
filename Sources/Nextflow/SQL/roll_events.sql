-- Adds the raw events of a batch, without resends, to their seconds, hours, days, months and years.
-- $1: names, $2: their seconds, $3: the number of each.
INSERT INTO event_rollup AS r (grain, bucket, event, rows)
SELECT g.grain, date_trunc(g.grain::text, e.second, 'UTC') AS bucket, e.event, sum(e.rows)
FROM unnest($1::text[], $2::timestamptz[], $3::bigint[]) AS e (event, second, rows)
CROSS JOIN unnest('{second,hour,day,month,year}'::grain[]) AS g (grain)
GROUP BY g.grain, bucket, e.event
ORDER BY g.grain, bucket, e.event COLLATE "C"
ON CONFLICT (grain, bucket, event) DO UPDATE SET
    rows = r.rows + excluded.rows
