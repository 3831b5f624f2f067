SELECT '[' || coalesce(string_agg("_2".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
WHERE EXISTS (SELECT
FROM "deep"."links" "_1"
WHERE (("_1"."id" = "_0"."_from") AND ("_1"."_i" = $1::bigint)))) "_2"(text);
-- $1 = '3'
SELECT '[' || coalesce(string_agg("_2".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
WHERE EXISTS (SELECT
FROM "deep"."links" "_1"
WHERE ("_1"."id" = "_0"."_to"))
ORDER BY "_0"."_i" ASC NULLS LAST) "_2"(text);
SELECT '[' || coalesce(string_agg("_2".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
WHERE ((NOT EXISTS (SELECT
FROM "deep"."links" "_1"
WHERE ("_1"."id" = "_0"."_to"))) AND (NOT ("_0"."_to" IS NULL)))) "_2"(text);
SELECT '[' || coalesce(string_agg("_2".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
WHERE EXISTS (SELECT
FROM "deep"."links" "_1"
WHERE (("_1"."_from" = "_0"."id") AND ("_1"."_i" > $1::bigint)))) "_2"(text);
-- $1 = '5'
SELECT '[' || coalesce(string_agg("_2".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
WHERE EXISTS (SELECT
FROM "deep"."strings" "_1"
WHERE (("_1"."id" = "_0"."id") AND ("_1"."_data" = $1::text)))) "_2"(text);
-- $1 = 'Alice'
SELECT '[' || coalesce(string_agg("_3".text, ','), '') || ']'
FROM (SELECT '{"_data":' || to_json("_0"."_data")::text || '}'
FROM "deep"."strings" "_0"
WHERE EXISTS (SELECT
FROM "deep"."links" "_1"
WHERE (("_1"."id" = "_0"."id") AND EXISTS (SELECT
FROM "deep"."links" "_2"
WHERE (("_2"."_value" = "_1"."id") AND ("_2"."_i" = $1::bigint)))))) "_3"(text);
-- $1 = '4'
SELECT '[' || coalesce(string_agg("_2".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
WHERE EXISTS (SELECT
FROM "deep"."links" "_1"
WHERE (("_1"."id" = "_0"."_to") AND ("_1"."_from" IS NULL)))
ORDER BY "_0"."_i" ASC NULLS LAST) "_2"(text);
SELECT '[' || coalesce(string_agg("_5".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
WHERE EXISTS (SELECT
FROM "deep"."links" "_1"
WHERE (("_1"."id" = "_0"."_to") AND EXISTS (SELECT
FROM "deep"."links" "_2"
WHERE (("_2"."id" = "_1"."_to") AND EXISTS (SELECT
FROM "deep"."links" "_3"
WHERE (("_3"."id" = "_2"."_value") AND EXISTS (SELECT
FROM "deep"."strings" "_4"
WHERE (("_4"."id" = "_3"."id") AND ("_4"."_data" LIKE $1::text)))))))))) "_5"(text);
-- $1 = 'A%'
