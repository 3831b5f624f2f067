SELECT '[' || coalesce(string_agg("_2".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
ORDER BY (SELECT count(*)
FROM "deep"."links" "_1"
WHERE ("_1"."_from" = "_0"."id")) DESC NULLS FIRST, "_0"."_i" ASC NULLS LAST
LIMIT $1::bigint) "_2"(text);
-- $1 = '3'
SELECT '[' || coalesce(string_agg("_2".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
ORDER BY (SELECT max("_1"."_i")
FROM "deep"."links" "_1"
WHERE ("_1"."_type" = "_0"."id")) DESC NULLS LAST, "_0"."_i" ASC NULLS LAST
LIMIT $1::bigint) "_2"(text);
-- $1 = '3'
SELECT '[' || coalesce(string_agg("_2".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
ORDER BY (SELECT min(("_1"."id"::text COLLATE "C"))
FROM "deep"."links" "_1"
WHERE ("_1"."_from" = "_0"."id")) DESC NULLS LAST, "_0"."_i" ASC NULLS LAST
LIMIT $1::bigint) "_2"(text);
-- $1 = '2'
SELECT '[' || coalesce(string_agg("_2".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
ORDER BY (SELECT max("_1"."_data")
FROM "deep"."strings" "_1"
WHERE ("_1"."id" = "_0"."id")) DESC NULLS LAST, "_0"."_i" ASC NULLS LAST
LIMIT $1::bigint) "_2"(text);
-- $1 = '3'
SELECT '[' || coalesce(string_agg("_2".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
ORDER BY (SELECT sum("_1"."_data")
FROM "deep"."numbers" "_1"
WHERE ("_1"."id" = "_0"."id")) ASC NULLS LAST, "_0"."_i" ASC NULLS LAST
LIMIT $1::bigint) "_2"(text);
-- $1 = '3'
SELECT '[' || coalesce(string_agg("_3".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
ORDER BY (SELECT avg("_1"."_i")
FROM "deep"."links" "_1"
WHERE ("_1"."_type" = "_0"."id")) DESC NULLS LAST, (SELECT count(*)
FROM "deep"."links" "_2"
WHERE ("_2"."_type" = "_0"."id")) ASC NULLS LAST, "_0"."_i" ASC NULLS LAST
LIMIT $1::bigint) "_3"(text);
-- $1 = '3'
SELECT '[' || coalesce(string_agg("_3".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
ORDER BY (SELECT (SELECT count(*)
FROM "deep"."links" "_2"
WHERE ("_2"."_from" = "_1"."id"))
FROM "deep"."links" "_1"
WHERE ("_1"."id" = "_0"."_from")
LIMIT 1) DESC NULLS LAST, "_0"."_i" ASC NULLS LAST
LIMIT $1::bigint) "_3"(text);
-- $1 = '3'
SELECT '[' || coalesce(string_agg("_3".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
ORDER BY (SELECT stddev_pop("_1"."_i")
FROM "deep"."links" "_1"
WHERE ("_1"."_type" = "_0"."id")) DESC NULLS LAST, (SELECT var_samp("_2"."_i")
FROM "deep"."links" "_2"
WHERE ("_2"."_type" = "_0"."id")) ASC NULLS LAST, "_0"."_i" ASC NULLS LAST
LIMIT $1::bigint) "_3"(text);
-- $1 = '3'
