SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
ORDER BY "_0"."_i" ASC NULLS LAST
LIMIT $1::bigint) "_1"(text);
-- $1 = '1'
SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
ORDER BY "_0"."_i" ASC NULLS LAST
LIMIT $1::bigint) "_1"(text);
-- $1 = '1'
