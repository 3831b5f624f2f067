SELECT '[' || coalesce(string_agg("_3".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
WHERE (EXISTS (SELECT
FROM (SELECT count(*) AS "count"
FROM "deep"."links" "_1"
WHERE ("_1"."_from" = "_0"."id")) "_2"
WHERE ("_2"."count" = $1::integer)) AND ("_0"."_i" < $2::bigint))
ORDER BY "_0"."_i" ASC NULLS LAST) "_3"(text);
-- $1 = '0'
-- $2 = '5'
SELECT '[' || coalesce(string_agg("_3".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
WHERE EXISTS (SELECT
FROM (SELECT count(*) AS "count"
FROM "deep"."links" "_1"
WHERE ("_1"."_from" = "_0"."id")) "_2"
WHERE ("_2"."count" >= $1::integer))) "_3"(text);
-- $1 = '2'
SELECT '[' || coalesce(string_agg("_3".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
WHERE (EXISTS (SELECT
FROM (SELECT count("_1"."_value") AS "count"
FROM "deep"."links" "_1"
WHERE ("_1"."_from" = "_0"."id")) "_2"
WHERE ("_2"."count" = $1::integer)) AND ("_0"."_i" = ANY($2::bigint[])))
ORDER BY "_0"."_i" ASC NULLS LAST) "_3"(text);
-- $1 = '0'
-- $2 = ['3', '4']
SELECT '[' || coalesce(string_agg("_3".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
WHERE EXISTS (SELECT
FROM (SELECT count(DISTINCT "_1"."_to") AS "count"
FROM "deep"."links" "_1"
WHERE ("_1"."_type" = "_0"."id")) "_2"
WHERE ("_2"."count" > $1::integer))
ORDER BY "_0"."_i" ASC NULLS LAST) "_3"(text);
-- $1 = '0'
SELECT '[' || coalesce(string_agg("_3".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
WHERE EXISTS (SELECT
FROM (SELECT count(("_1"."_type", "_1"."_value")) AS "count"
FROM "deep"."links" "_1"
WHERE ("_1"."_type" = "_0"."id")) "_2"
WHERE ("_2"."count" = $1::integer))) "_3"(text);
-- $1 = '3'
SELECT '[' || coalesce(string_agg("_3".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
WHERE EXISTS (SELECT
FROM (SELECT count(DISTINCT ("_1"."_type", "_1"."_value")) AS "count"
FROM "deep"."links" "_1"
WHERE ("_1"."_type" = "_0"."id")) "_2"
WHERE ("_2"."count" = $1::integer))) "_3"(text);
-- $1 = '2'
SELECT '[' || coalesce(string_agg("_4".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
WHERE EXISTS (SELECT
FROM (SELECT count(*) AS "count"
FROM "deep"."links" "_1"
WHERE (("_1"."_from" = "_0"."id") AND EXISTS (SELECT
FROM "deep"."links" "_3"
WHERE ("_3"."id" = "_1"."_to")))) "_2"
WHERE ("_2"."count" = $1::integer))
ORDER BY "_0"."_i" ASC NULLS LAST) "_4"(text);
-- $1 = '1'
SELECT '[' || coalesce(string_agg("_3".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
WHERE EXISTS (SELECT
FROM (SELECT count(*) AS "count"
FROM "deep"."strings" "_1"
WHERE (("_1"."id" = "_0"."id") AND ("_1"."_data" LIKE $1::text))) "_2"
WHERE ("_2"."count" = ANY($2::integer[])))) "_3"(text);
-- $1 = 'a%'
-- $2 = ['1', '2']
SELECT '[' || coalesce(string_agg("_3".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
WHERE (EXISTS (SELECT
FROM (SELECT count(*) AS "count"
FROM "deep"."links" "_1"
WHERE ("_1"."_from" = "_0"."id")) "_2") AND ("_0"."_i" = $1::bigint))) "_3"(text);
-- $1 = '1'
SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
WHERE ("_0"."_i" = $1::bigint)) "_1"(text);
-- $1 = '1'
SELECT '[' || coalesce(string_agg("_4".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
WHERE EXISTS (SELECT
FROM "deep"."links" "_1"
WHERE (("_1"."id" = "_0"."_type") AND EXISTS (SELECT
FROM (SELECT count(*) AS "count"
FROM "deep"."links" "_2"
WHERE ("_2"."_type" = "_1"."id")) "_3"
WHERE (("_3"."count" > $1::integer) AND ("_3"."count" <> $2::integer) AND (NOT ("_3"."count" IS NULL))))))
ORDER BY "_0"."_i" ASC NULLS LAST) "_4"(text);
-- $1 = '2'
-- $2 = '4'
