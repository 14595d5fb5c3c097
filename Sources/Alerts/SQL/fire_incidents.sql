-- Notes what rules have found, a finding an element of $1 to $20: an incident that fires goes on, one that ended within
-- $21 seconds is back, any other begins. What is over at once counts for the incident of its rule and key that began
-- within the rule's cooldown. A rule and a key come once, but for those that are over at once and have no cooldown.
WITH found AS (
    SELECT *
    FROM unnest(
        $1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::boolean[], $6::text[], $7::text[], $8::text[], $9::text[],
        $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::double precision[],
        $17::timestamptz[], $18::timestamptz[], $19::bigint[], $20::bigint[]
    ) WITH ORDINALITY AS f (
        uuid, rule_id, rule_name, key, is_momentary, event, alert, severity, project,
        title, summary, labels, details, links, sources, value,
        began_at, fired_at, firings, cooldown, place
    )
),
going_on AS (
    UPDATE alert_incident i
    SET firings = i.firings + f.firings, last_fired_at = greatest(i.last_fired_at, f.fired_at), summary = f.summary,
        details = f.details::jsonb, value = f.value, severity = f.severity
    FROM found f
    WHERE i.rule_id = f.rule_id AND i.key = f.key AND i.status = 'firing' AND NOT f.is_momentary
    RETURNING f.place, i.uuid
),
joining AS (
    UPDATE alert_incident i
    SET firings = i.firings + f.firings, last_fired_at = greatest(i.last_fired_at, f.fired_at),
        resolved_at = greatest(i.last_fired_at, f.fired_at), summary = f.summary, details = f.details::jsonb,
        value = f.value, severity = f.severity
    FROM found f
    CROSS JOIN LATERAL (
        SELECT uuid
        FROM alert_incident
        WHERE rule_id = f.rule_id AND key = f.key AND resolved_by = 'momentary'
          AND coalesce(notified_at, started_at) > now() - f.cooldown * interval '1 second'
        ORDER BY last_fired_at DESC
        LIMIT 1
    ) earlier
    WHERE i.uuid = earlier.uuid AND f.is_momentary AND f.cooldown > 0
    RETURNING f.place, i.uuid
),
back AS (
    UPDATE alert_incident i
    SET status = 'firing', resolved_at = NULL, resolved_by = NULL, notice = NULL, flaps = i.flaps + 1,
        firings = i.firings + f.firings, last_fired_at = greatest(i.last_fired_at, f.fired_at), summary = f.summary,
        details = f.details::jsonb, value = f.value, severity = f.severity, acknowledged_at = NULL,
        acknowledged_by = NULL
    FROM found f
    CROSS JOIN LATERAL (
        SELECT uuid
        FROM alert_incident
        WHERE rule_id = f.rule_id AND key = f.key AND status = 'resolved' AND resolved_by <> 'momentary'
          AND resolved_at > now() - $21 * interval '1 second'
        ORDER BY last_fired_at DESC
        LIMIT 1
    ) earlier
    WHERE i.uuid = earlier.uuid AND NOT f.is_momentary
      AND NOT EXISTS (SELECT FROM going_on g WHERE g.place = f.place)
    RETURNING f.place, i.uuid
),
begun AS (
    INSERT INTO alert_incident (
        uuid, rule_id, rule_name, key, status, event, alert, severity, project, title, summary, labels, details, links,
        source_ids, value, started_at, last_fired_at, firings, resolved_at, resolved_by
    )
    SELECT f.uuid, f.rule_id, f.rule_name, f.key, CASE WHEN f.is_momentary THEN 'resolved' ELSE 'firing' END, f.event,
           f.alert, f.severity, f.project, f.title, f.summary, f.labels::jsonb, f.details::jsonb, f.links::jsonb,
           ARRAY(SELECT jsonb_array_elements_text(f.sources::jsonb)), f.value, f.began_at, f.fired_at, f.firings,
           CASE WHEN f.is_momentary THEN f.fired_at END, CASE WHEN f.is_momentary THEN 'momentary' END
    FROM found f
    WHERE NOT EXISTS (SELECT FROM going_on g WHERE g.place = f.place)
      AND NOT EXISTS (SELECT FROM joining j WHERE j.place = f.place)
      AND NOT EXISTS (SELECT FROM back b WHERE b.place = f.place)
    ORDER BY f.place
    RETURNING uuid
)
SELECT place, uuid, true AS is_known FROM going_on
UNION ALL
SELECT place, uuid, true FROM joining
UNION ALL
SELECT place, uuid, false FROM back
UNION ALL
SELECT f.place, f.uuid, false FROM begun JOIN found f USING (uuid)
ORDER BY place
