WITH touched AS (INSERT INTO "deep"."links" AS t ("id", "_deep")
SELECT g."id", g."_deep"
FROM json_to_recordset($1::json) AS g("id" uuid, "_deep" uuid)
RETURNING t."id")
SELECT coalesce(json_agg(x), '[]')::text
FROM touched x;
-- $1 = [{"id":"e0000000-0000-4000-8000-00000000000a","_deep":"90000000-0000-4000-8000-000000000000"}]
WITH touched AS (INSERT INTO "deep"."links" AS t ("id", "_deep", "_type")
SELECT g."id", g."_deep", g."_type"
FROM json_to_recordset($1::json) AS g("id" uuid, "_deep" uuid, "_type" uuid)
RETURNING t."id", t."_deep", t."_i", t."_type", t."_from", t."_to", t."_value", t."created_at", t."updated_at")
SELECT coalesce(json_agg(x), '[]')::text
FROM touched x;
-- $1 = [{"id":"e0000000-0000-4000-8000-000000000001","_deep":"90000000-0000-4000-8000-000000000000","_type":"e0000000-0000-4000-8000-00000000000a"},{"id":"e0000000-0000-4000-8000-000000000002","_deep":"90000000-0000-4000-8000-000000000000"}]
WITH touched AS (INSERT INTO "deep"."strings" AS t ("id", "_data")
SELECT g."id", g."_data"
FROM json_to_recordset($1::json) AS g("id" uuid, "_data" text)
RETURNING t."id")
SELECT coalesce(json_agg(x), '[]')::text
FROM touched x;
-- $1 = [{"_data":"new","id":"e0000000-0000-4000-8000-000000000001"}]
WITH touched AS (INSERT INTO "deep"."links" AS t ("id", "_deep", "_from", "_to")
SELECT g."id", g."_deep", g."_from", g."_to"
FROM json_to_recordset($1::json) AS g("id" uuid, "_deep" uuid, "_from" uuid, "_to" uuid)
RETURNING t."id")
SELECT coalesce(json_agg(x), '[]')::text
FROM touched x;
-- $1 = [{"id":"e0000000-0000-4000-8000-00000000000b","_deep":"90000000-0000-4000-8000-000000000000","_to":"a0000000-0000-4000-8000-000000000001","_from":"e0000000-0000-4000-8000-000000000001"},{"id":"e0000000-0000-4000-8000-00000000000c","_deep":"90000000-0000-4000-8000-000000000000","_from":"e0000000-0000-4000-8000-000000000001"}]
WITH touched AS (INSERT INTO "deep"."numbers" AS t ("id", "_data")
SELECT g."id", g."_data"
FROM json_to_recordset($1::json) AS g("id" uuid, "_data" numeric)
RETURNING t."id")
SELECT coalesce(json_agg(x), '[]')::text
FROM touched x;
-- $1 = [{"_data":7,"id":"e0000000-0000-4000-8000-000000000002"}]
SELECT '{"affected_rows":' || $2::bigint::text || ',"returning":[' || coalesce(string_agg('{"id":"' || x."id"::text || '","type":' || coalesce((SELECT '{"id":"' || "_0"."id"::text || '"}'
FROM "deep"."links" "_0"
WHERE ("_0"."id" = x."_type")
LIMIT 1), 'null') || ',"string":' || (SELECT '[' || coalesce(string_agg("_2".text, ','), '') || ']'
FROM (SELECT '{"_data":' || to_json("_1"."_data")::text || '}'
FROM "deep"."strings" "_1"
WHERE ("_1"."id" = x."id")) "_2"(text)) || ',"number":' || (SELECT '[' || coalesce(string_agg("_4".text, ','), '') || ']'
FROM (SELECT '{"_data":' || to_json("_3"."_data")::text || '}'
FROM "deep"."numbers" "_3"
WHERE ("_3"."id" = x."id")) "_4"(text)) || ',"out":' || (SELECT '[' || coalesce(string_agg("_6".text, ','), '') || ']'
FROM (SELECT '{"id":"' || "_5"."id"::text || '","_to":' || coalesce('"' || "_5"."_to"::text || '"', 'null') || '}'
FROM "deep"."links" "_5"
WHERE ("_5"."_from" = x."id")
ORDER BY "_5"."id" ASC NULLS LAST) "_6"(text)) || '}', ','), '') || ']}'
FROM json_to_recordset($1::json) AS x("id" uuid, "_deep" uuid, "_i" bigint, "_type" uuid, "_from" uuid, "_to" uuid, "_value" uuid, "created_at" timestamptz, "updated_at" timestamptz)
HAVING true;
-- $1 = the answers before
-- $2 = the answers before
