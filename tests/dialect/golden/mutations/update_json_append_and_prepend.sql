WITH touched AS (UPDATE "deep"."functions" AS t
SET "_data" = t."_data" || $1::jsonb
RETURNING t."_data")
SELECT '{"returning":[' || coalesce(string_agg('{"_data":' || x."_data"::text || '}', ','), '') || ']}'
FROM touched x
HAVING true;
-- $1 = {"name":"h","more":[1]}
WITH touched AS (UPDATE "deep"."functions" AS t
SET "_data" = $1::jsonb || t."_data"
WHERE (t."id" = $2::uuid)
RETURNING t."_data")
SELECT '{"_data":' || x."_data"::text || '}'
FROM touched x;
-- $1 = [0]
-- $2 = 'd0000000-0000-4000-8000-000000000002'
