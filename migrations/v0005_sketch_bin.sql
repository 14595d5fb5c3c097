-- As before, without STRICT: PostgreSQL writes a strict function into a query only when its body is plainly strict, too,
-- and CASE is not. Called for every value it took longer than all the rest.
CREATE OR REPLACE FUNCTION sketch_bin(value double precision) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN value < 1e-6 THEN -2000 ELSE floor(ln(value) / ln(1.01::double precision))::integer END
$$;
