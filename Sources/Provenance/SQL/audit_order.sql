-- How many provenance events have no place in the live order yet, and the last place.
SELECT f.last_position AS places, (SELECT count(*) FROM provenance_unplaced) AS waiting
FROM provenance_feed f
