SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
WHERE ("_0"."id" = $1::uuid)) "_1"(text);
-- $1 = 'x'
