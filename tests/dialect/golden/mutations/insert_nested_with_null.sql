WITH touched AS (INSERT INTO "deep"."links" AS t ("id", "_deep")
SELECT g."id", g."_deep"
FROM json_to_recordset($1::json) AS g("id" uuid, "_deep" uuid)
RETURNING t."id", t."_deep", t."_i", t."_type", t."_from", t."_to", t."_value", t."created_at", t."updated_at")
SELECT coalesce(json_agg(x), '[]')::text
FROM touched x;
-- $1 = [{"id":"e0000000-0000-4000-8000-000000000001","_deep":"90000000-0000-4000-8000-000000000000"}]
SELECT '{"_from":' || coalesce('"' || x."_from"::text || '"', 'null') || ',"out":' || (SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"id":"' || "_0"."id"::text || '"}'
FROM "deep"."links" "_0"
WHERE ("_0"."_from" = x."id")) "_1"(text)) || '}'
FROM json_to_recordset($1::json) AS x("id" uuid, "_deep" uuid, "_i" bigint, "_type" uuid, "_from" uuid, "_to" uuid, "_value" uuid, "created_at" timestamptz, "updated_at" timestamptz);
-- $1 = the answers before
