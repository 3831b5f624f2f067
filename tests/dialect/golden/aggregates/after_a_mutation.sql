WITH touched AS (DELETE FROM "deep"."links" AS t
WHERE (t."_i" = $1::bigint)
RETURNING t."id", t."_deep", t."_i", t."_type", t."_from", t."_to", t."_value", t."created_at", t."updated_at")
SELECT coalesce(json_agg(x), '[]')::text
FROM touched x;
-- $1 = '7'
SELECT '{"returning":[' || coalesce(string_agg('{"_i":' || x."_i"::text || ',"from":' || coalesce((SELECT '{"out_aggregate":' || (SELECT '{"aggregate":' || '{"count":' || count(*)::text || '}' || '}'
FROM (SELECT "_1".*
FROM "deep"."links" "_1"
WHERE ("_1"."_from" = "_0"."id")) "_2"
HAVING true) || '}'
FROM "deep"."links" "_0"
WHERE ("_0"."id" = x."_from")
LIMIT 1), 'null') || '}', ','), '') || ']}'
FROM json_to_recordset($1::json) AS x("id" uuid, "_deep" uuid, "_i" bigint, "_type" uuid, "_from" uuid, "_to" uuid, "_value" uuid, "created_at" timestamptz, "updated_at" timestamptz)
HAVING true;
-- $1 = the answers before
