WITH touched AS (INSERT INTO "deep"."links" AS t ("id", "_deep")
SELECT g."id", g."_deep"
FROM json_to_recordset($1::json) AS g("id" uuid, "_deep" uuid)
RETURNING t."id")
SELECT coalesce(json_agg(x), '[]')::text
FROM touched x;
-- $1 = [{"id":"e0000000-0000-4000-8000-000000000001","_deep":"90000000-0000-4000-8000-000000000000"}]
WITH touched AS (INSERT INTO "deep"."strings" AS t ("id", "_data")
SELECT g."id", g."_data"
FROM json_to_recordset($1::json) AS g("id" uuid, "_data" text)
RETURNING t."id", t."_deep", t."_data", t."created_at", t."updated_at")
SELECT coalesce(json_agg(x), '[]')::text
FROM touched x;
-- $1 = [{"_data":"x","id":"e0000000-0000-4000-8000-000000000001"}]
SELECT '{"id":"' || x."id"::text || '","link":' || coalesce((SELECT '{"string":' || (SELECT '[' || coalesce(string_agg("_2".text, ','), '') || ']'
FROM (SELECT '{"_data":' || to_json("_1"."_data")::text || '}'
FROM "deep"."strings" "_1"
WHERE ("_1"."id" = "_0"."id")) "_2"(text)) || '}'
FROM "deep"."links" "_0"
WHERE ("_0"."id" = x."id")
LIMIT 1), 'null') || '}'
FROM json_to_recordset($1::json) AS x("id" uuid, "_deep" uuid, "_data" text, "created_at" timestamptz, "updated_at" timestamptz);
-- $1 = the answers before
