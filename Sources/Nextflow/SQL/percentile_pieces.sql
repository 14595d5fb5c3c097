-- The pieces of a window for its distributions. A sealed day that is mostly inside the window is added whole and its
-- rest subtracted: fewer completions have to be read one by one.
-- $1, $2: the window, both inclusive, null where it is open.
WITH piece AS MATERIALIZED (
    SELECT p.grain, p.piece_from, p.piece_to
    FROM sealed_window($1::timestamptz, $2::timestamptz) p
), most_of_a_day AS MATERIALIZED (
    SELECT p.piece_from, p.piece_to, d.piece_from AS day_from, d.piece_to AS day_to
    FROM piece p
    CROSS JOIN LATERAL sealed_cover(
        'day', date_trunc('day', p.piece_from, 'UTC'), date_trunc('day', p.piece_from, 'UTC') + interval '24 hours'
    ) d
    WHERE p.grain = 'edge'
      AND p.piece_to - p.piece_from > interval '12 hours'
      AND d.grain = 'day'
)
SELECT grain, piece_from, piece_to, true AS is_added
FROM piece
WHERE NOT (grain = 'edge' AND piece_from IN (SELECT piece_from FROM most_of_a_day))
UNION ALL
SELECT 'day', day_from, day_to, true FROM most_of_a_day
UNION ALL
SELECT 'edge', day_from, piece_from, false FROM most_of_a_day WHERE day_from < piece_from
UNION ALL
SELECT 'edge', piece_to, day_to, false FROM most_of_a_day WHERE piece_to < day_to
