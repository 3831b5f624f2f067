WITH touched AS (UPDATE "deep"."numbers" AS t
SET "_data" = t."_data" + $1::numeric
WHERE (t."_data" < $2::numeric)
RETURNING t."_data")
SELECT '{"affected_rows":' || count(*)::text || ',"returning":[' || coalesce(string_agg('{"_data":' || to_json(x."_data")::text || '}', ','), '') || ']}'
FROM touched x
HAVING true;
-- $1 = '-0.25'
-- $2 = '2'
