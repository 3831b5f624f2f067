SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT DISTINCT ON ("_0"."_type") '{"_type":' || coalesce('"' || "_0"."_type"::text || '"', 'null') || ',"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
ORDER BY "_0"."_type" ASC NULLS LAST, "_0"."_i" DESC NULLS FIRST) "_1"(text);
SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT DISTINCT ON ("_0"."_type") '{"_type":' || coalesce('"' || "_0"."_type"::text || '"', 'null') || ',"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
ORDER BY "_0"."_type" DESC NULLS FIRST, "_0"."_i" ASC NULLS LAST) "_1"(text);
SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT DISTINCT ON ("_0"."_from", "_0"."_type") '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
ORDER BY "_0"."_type" ASC NULLS FIRST, "_0"."_from" DESC NULLS FIRST, "_0"."_i" ASC NULLS LAST) "_1"(text);
SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT DISTINCT ON ("_0"."_type") '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
ORDER BY "_0"."_type" ASC NULLS LAST, "_0"."_i" DESC NULLS FIRST
LIMIT $1::bigint OFFSET $2::bigint) "_1"(text);
-- $1 = '1'
-- $2 = '1'
SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT DISTINCT ON ("_0"."_type") '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
WHERE ("_0"."_i" > $1::bigint)
ORDER BY "_0"."_type" ASC NULLS LAST, "_0"."_i" ASC NULLS LAST) "_1"(text);
-- $1 = '5'
SELECT '[' || coalesce(string_agg("_2".text, ','), '') || ']'
FROM (SELECT DISTINCT ON ("_0"."_type") '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
ORDER BY "_0"."_type" ASC NULLS LAST, (SELECT "_1"."_i"
FROM "deep"."links" "_1"
WHERE ("_1"."id" = "_0"."_to")
LIMIT 1) DESC NULLS LAST, "_0"."_i" ASC NULLS LAST) "_2"(text);
SELECT '[' || coalesce(string_agg("_3".text, ','), '') || ']'
FROM (SELECT '{"typed":' || (SELECT '[' || coalesce(string_agg("_2".text, ','), '') || ']'
FROM (SELECT DISTINCT ON ("_1"."_from") '{"_i":' || "_1"."_i"::text || '}'
FROM "deep"."links" "_1"
WHERE ("_1"."_type" = "_0"."id")
ORDER BY "_1"."_from" ASC NULLS LAST, "_1"."_i" DESC NULLS FIRST) "_2"(text)) || '}'
FROM "deep"."links" "_0"
WHERE ("_0"."_i" = ANY($1::bigint[]))
ORDER BY "_0"."_i" ASC NULLS LAST) "_3"(text);
-- $1 = ['1', '2']
