SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
ORDER BY "_0"."_from" ASC NULLS LAST, "_0"."_i" DESC NULLS FIRST
LIMIT $1::bigint) "_1"(text);
-- $1 = '4'
SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
ORDER BY "_0"."_from" ASC NULLS LAST, "_0"."_i" DESC NULLS FIRST
LIMIT $1::bigint) "_1"(text);
-- $1 = '4'
SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
ORDER BY "_0"."_i" DESC NULLS FIRST, "_0"."_from" ASC NULLS LAST
LIMIT $1::bigint) "_1"(text);
-- $1 = '4'
