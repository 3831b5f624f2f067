WITH touched AS (UPDATE "deep"."links" AS t
SET "_to" = $1::uuid
WHERE (t."id" = $2::uuid)
RETURNING t."id", t."_deep", t."_i", t."_type", t."_from", t."_to", t."_value", t."created_at", t."updated_at")
SELECT coalesce(json_agg(x), '[]')::text
FROM touched x;
-- $1 = 'a0000000-0000-4000-8000-000000000002'
-- $2 = 'a0000000-0000-4000-8000-000000000004'
SELECT '{"to":' || coalesce((SELECT '{"_i":' || "_0"."_i"::text || ',"in":' || (SELECT '[' || coalesce(string_agg("_2".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_1"."_i"::text || '}'
FROM "deep"."links" "_1"
WHERE ("_1"."_to" = "_0"."id")) "_2"(text)) || '}'
FROM "deep"."links" "_0"
WHERE ("_0"."id" = x."_to")
LIMIT 1), 'null') || '}'
FROM json_to_recordset($1::json) AS x("id" uuid, "_deep" uuid, "_i" bigint, "_type" uuid, "_from" uuid, "_to" uuid, "_value" uuid, "created_at" timestamptz, "updated_at" timestamptz);
-- $1 = the answers before
