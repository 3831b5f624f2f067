WITH touched AS (UPDATE "deep"."numbers" AS t
SET "_data" = t."_data" + $1::numeric
WHERE (t."_data" = $2::numeric)
RETURNING t."_data")
SELECT '{"affected_rows":' || count(*)::text || ',"returning":[' || coalesce(string_agg('{"_data":' || to_json(x."_data")::text || '}', ','), '') || ']}'
FROM touched x
HAVING true;
-- $1 = '1'
-- $2 = '1.50'
WITH touched AS (UPDATE "deep"."numbers" AS t
SET "_data" = $1::numeric
WHERE (t."_data" = $2::numeric)
RETURNING t."_data")
SELECT '{"affected_rows":' || count(*)::text || ',"returning":[' || coalesce(string_agg('{"_data":' || to_json(x."_data")::text || '}', ','), '') || ']}'
FROM touched x
HAVING true;
-- $1 = '7'
-- $2 = '2.50'
WITH touched AS (UPDATE "deep"."numbers" AS t
SET "_data" = t."_data" + $1::numeric
WHERE (t."id" = $2::uuid)
RETURNING t."_data")
SELECT '{"affected_rows":' || count(*)::text || ',"returning":[' || coalesce(string_agg('{"_data":' || to_json(x."_data")::text || '}', ','), '') || ']}'
FROM touched x
HAVING true;
-- $1 = '1'
-- $2 = 'c0000000-0000-4000-8000-000000000009'
