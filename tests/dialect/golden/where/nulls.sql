SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
WHERE ("_0"."_from" <> $1::uuid)) "_1"(text);
-- $1 = 'a0000000-0000-4000-8000-000000000003'
SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
WHERE (NOT ("_0"."_from" = $1::uuid))) "_1"(text);
-- $1 = 'a0000000-0000-4000-8000-000000000003'
SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
WHERE (NOT ("_0"."_from" = ANY($1::uuid[])))) "_1"(text);
-- $1 = ['a0000000-0000-4000-8000-000000000003']
SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
WHERE ((NOT ("_0"."_from" = ANY($1::uuid[]))) AND ("_0"."_i" < $2::bigint))
ORDER BY "_0"."_i" ASC NULLS LAST) "_1"(text);
-- $1 = []
-- $2 = '3'
SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
WHERE ("_0"."_from" = ANY($1::uuid[]))) "_1"(text);
-- $1 = []
SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
WHERE ("_0"."_from" = ANY($1::uuid[]))) "_1"(text);
-- $1 = ['a0000000-0000-4000-8000-000000000002']
SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
WHERE (("_0"."_from" IS NULL) AND ("_0"."_i" < $1::bigint))
ORDER BY "_0"."_i" ASC NULLS LAST) "_1"(text);
-- $1 = '4'
SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
WHERE (NOT ("_0"."_from" IS NULL))
ORDER BY "_0"."_i" ASC NULLS LAST) "_1"(text);
SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
WHERE ("_0"."_i" = $1::bigint)) "_1"(text);
-- $1 = '3'
