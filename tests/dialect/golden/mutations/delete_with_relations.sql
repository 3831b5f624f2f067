WITH touched AS (DELETE FROM "deep"."strings" AS t
WHERE (t."_data" = $1::text)
RETURNING t."id", t."_deep", t."_data", t."created_at", t."updated_at")
SELECT coalesce(json_agg(x), '[]')::text
FROM touched x;
-- $1 = ''
SELECT '{"affected_rows":' || count(*)::text || ',"returning":[' || coalesce(string_agg('{"_data":' || to_json(x."_data")::text || ',"link":' || coalesce((SELECT '{"_i":' || "_0"."_i"::text || ',"string":' || (SELECT '[' || coalesce(string_agg("_2".text, ','), '') || ']'
FROM (SELECT '{"_data":' || to_json("_1"."_data")::text || '}'
FROM "deep"."strings" "_1"
WHERE ("_1"."id" = "_0"."id")) "_2"(text)) || '}'
FROM "deep"."links" "_0"
WHERE ("_0"."id" = x."id")
LIMIT 1), 'null') || '}', ','), '') || ']}'
FROM json_to_recordset($1::json) AS x("id" uuid, "_deep" uuid, "_data" text, "created_at" timestamptz, "updated_at" timestamptz)
HAVING true;
-- $1 = the answers before
