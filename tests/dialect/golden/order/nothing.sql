SELECT '{"out":' || (SELECT '[' || coalesce(string_agg("_2".text, ','), '') || ']'
FROM (SELECT '{"_type":' || coalesce('"' || "_1"."_type"::text || '"', 'null') || '}'
FROM "deep"."links" "_1"
WHERE ("_1"."_from" = "_0"."id")
LIMIT $2::bigint) "_2"(text)) || '}'
FROM "deep"."links" "_0"
WHERE ("_0"."id" = $1::uuid);
-- $1 = 'a0000000-0000-4000-8000-000000000003'
-- $2 = '1'
SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
WHERE ("_0"."_i" = $1::bigint)) "_1"(text);
-- $1 = '1'
SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
WHERE ("_0"."_i" = $1::bigint)) "_1"(text);
-- $1 = '1'
SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
WHERE ("_0"."_i" = $1::bigint)) "_1"(text);
-- $1 = '1'
