SELECT '[' || coalesce(string_agg("_2".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
ORDER BY (SELECT "_1"."_i"
FROM "deep"."links" "_1"
WHERE ("_1"."id" = "_0"."_to")
LIMIT 1) DESC NULLS LAST, "_0"."_i" ASC NULLS LAST
LIMIT $1::bigint) "_2"(text);
-- $1 = '3'
SELECT '[' || coalesce(string_agg("_2".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
WHERE (NOT ("_0"."_from" IS NULL))
ORDER BY (SELECT "_1"."_value"
FROM "deep"."links" "_1"
WHERE ("_1"."id" = "_0"."_from")
LIMIT 1) DESC NULLS FIRST, "_0"."_i" DESC NULLS FIRST) "_2"(text);
SELECT '[' || coalesce(string_agg("_3".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
ORDER BY (SELECT (SELECT "_2"."_i"
FROM "deep"."links" "_2"
WHERE ("_2"."id" = "_1"."_to")
LIMIT 1)
FROM "deep"."links" "_1"
WHERE ("_1"."id" = "_0"."_to")
LIMIT 1) ASC NULLS LAST, "_0"."_i" DESC NULLS FIRST
LIMIT $1::bigint) "_3"(text);
-- $1 = '2'
SELECT '[' || coalesce(string_agg("_2".text, ','), '') || ']'
FROM (SELECT '{"_data":' || to_json("_0"."_data")::text || '}'
FROM "deep"."strings" "_0"
ORDER BY (SELECT "_1"."_i"
FROM "deep"."links" "_1"
WHERE ("_1"."id" = "_0"."id")
LIMIT 1) DESC NULLS FIRST) "_2"(text);
SELECT '[' || coalesce(string_agg("_4".text, ','), '') || ']'
FROM (SELECT '{"out":' || (SELECT '[' || coalesce(string_agg("_3".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_1"."_i"::text || '}'
FROM "deep"."links" "_1"
WHERE ("_1"."_from" = "_0"."id")
ORDER BY (SELECT "_2"."_i"
FROM "deep"."links" "_2"
WHERE ("_2"."id" = "_1"."_to")
LIMIT 1) DESC NULLS FIRST) "_3"(text)) || '}'
FROM "deep"."links" "_0"
WHERE ("_0"."_i" = $1::bigint)) "_4"(text);
-- $1 = '4'
