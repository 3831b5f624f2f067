WITH touched AS (INSERT INTO "deep"."strings" AS t ("id", "_data")
SELECT g."id", g."_data"
FROM json_to_recordset($1::json) AS g("id" uuid, "_data" text)
ON CONFLICT ON CONSTRAINT "strings_pkey" DO NOTHING
RETURNING t."_data")
SELECT '{"_data":' || to_json(x."_data")::text || '}'
FROM touched x;
-- $1 = [{"id":"b0000000-0000-4000-8000-000000000001","_data":"Bob"}]
