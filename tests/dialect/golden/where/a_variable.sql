SELECT '[' || coalesce(string_agg("_2".text, ','), '') || ']'
FROM (SELECT '{"id":"' || "_0"."id"::text || '","from":' || coalesce((SELECT '{"_i":' || "_1"."_i"::text || '}'
FROM "deep"."links" "_1"
WHERE ("_1"."id" = "_0"."_from")
LIMIT 1), 'null') || '}'
FROM "deep"."links" "_0"
WHERE ("_0"."_from" = $1::uuid)) "_2"(text);
-- $1 = 'A0000000-0000-4000-8000-000000000002'
SELECT '{"_i":' || "_0"."_i"::text || ',"__typename":"deep_links"}'
FROM "deep"."links" "_0"
WHERE ("_0"."id" = $1::uuid);
-- $1 = 'A0000000-0000-4000-8000-000000000002'
