SELECT '[' || coalesce(string_agg("_3".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
WHERE (("_0"."_i" = $1::bigint) OR EXISTS (SELECT
FROM (SELECT count("_1"."id") AS "count"
FROM "deep"."links" "_1"
WHERE ("_1"."_from" = "_0"."id")) "_2"
WHERE ("_2"."count" > $2::integer)))
ORDER BY "_0"."_i" ASC NULLS LAST) "_3"(text);
-- $1 = '3'
-- $2 = '1'
SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
ORDER BY "_0"."_i" ASC NULLS LAST
LIMIT $1::bigint) "_1"(text);
-- $1 = '2'
