SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
WHERE ("_0"."_i" <= $1::bigint)
ORDER BY "_0"."_i" DESC NULLS FIRST
LIMIT $2::bigint) "_1"(text);
-- $1 = '4'
-- $2 = '1'
