WITH touched AS (UPDATE "deep"."functions" AS t
SET "_data" = t."_data" - $1::integer
RETURNING 1)
SELECT '{"affected_rows":' || count(*)::text || '}'
FROM touched x
HAVING true;
-- $1 = '0'
