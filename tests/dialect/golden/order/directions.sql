SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
WHERE (("_0"."_i" >= $1::bigint) AND ("_0"."_i" <= $2::bigint))
ORDER BY "_0"."_to" ASC NULLS LAST, "_0"."_i" ASC NULLS LAST) "_1"(text);
-- $1 = '4'
-- $2 = '8'
SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
WHERE (("_0"."_i" >= $1::bigint) AND ("_0"."_i" <= $2::bigint))
ORDER BY "_0"."_to" ASC NULLS FIRST, "_0"."_i" ASC NULLS LAST) "_1"(text);
-- $1 = '4'
-- $2 = '8'
SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
WHERE (("_0"."_i" >= $1::bigint) AND ("_0"."_i" <= $2::bigint))
ORDER BY "_0"."_to" ASC NULLS LAST, "_0"."_i" ASC NULLS LAST) "_1"(text);
-- $1 = '4'
-- $2 = '8'
SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
WHERE (("_0"."_i" >= $1::bigint) AND ("_0"."_i" <= $2::bigint))
ORDER BY "_0"."_to" DESC NULLS FIRST, "_0"."_i" ASC NULLS LAST) "_1"(text);
-- $1 = '4'
-- $2 = '8'
SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
WHERE (("_0"."_i" >= $1::bigint) AND ("_0"."_i" <= $2::bigint))
ORDER BY "_0"."_to" DESC NULLS FIRST, "_0"."_i" ASC NULLS LAST) "_1"(text);
-- $1 = '4'
-- $2 = '8'
SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
WHERE (("_0"."_i" >= $1::bigint) AND ("_0"."_i" <= $2::bigint))
ORDER BY "_0"."_to" DESC NULLS LAST, "_0"."_i" ASC NULLS LAST) "_1"(text);
-- $1 = '4'
-- $2 = '8'
