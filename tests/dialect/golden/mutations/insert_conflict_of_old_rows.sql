WITH touched AS (INSERT INTO "deep"."strings" AS t ("id", "_data")
SELECT g."id", g."_data"
FROM json_to_recordset($1::json) AS g("id" uuid, "_data" text)
ON CONFLICT ON CONSTRAINT "strings_pkey" DO UPDATE
SET "_data" = excluded."_data"
WHERE ((t."_deep" = excluded."_deep") AND ((t."_data" = $2::text) AND EXISTS (SELECT
FROM "deep"."links" "_0"
WHERE (("_0"."id" = t."id") AND ("_0"."_i" > $3::bigint)))))
RETURNING t."_data")
SELECT '{"affected_rows":' || count(*)::text || ',"returning":[' || coalesce(string_agg('{"_data":' || to_json(x."_data")::text || '}', ','), '') || ']}'
FROM touched x
HAVING true;
-- $1 = [{"id":"b0000000-0000-4000-8000-000000000001","_data":"Bob"},{"id":"b0000000-0000-4000-8000-000000000002","_data":"x"}]
-- $2 = 'Alice'
-- $3 = '1'
