SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"_data":' || to_json("_0"."_data")::text || '}'
FROM "deep"."strings" "_0"
WHERE ("_0"."_data" LIKE $1::text)) "_1"(text);
-- $1 = 'A%e'
SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"_data":' || to_json("_0"."_data")::text || '}'
FROM "deep"."strings" "_0"
WHERE ("_0"."_data" NOT LIKE $1::text)
ORDER BY "_0"."_data" ASC NULLS LAST) "_1"(text);
-- $1 = 'A%'
SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"_data":' || to_json("_0"."_data")::text || '}'
FROM "deep"."strings" "_0"
WHERE ("_0"."_data" LIKE $1::text)) "_1"(text);
-- $1 = '_l_ce'
SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"_data":' || to_json("_0"."_data")::text || '}'
FROM "deep"."strings" "_0"
WHERE ("_0"."_data" LIKE $1::text)) "_1"(text);
-- $1 = 'a\\_b\\%c'
SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"_data":' || to_json("_0"."_data")::text || '}'
FROM "deep"."strings" "_0"
WHERE ("_0"."_data" ILIKE $1::text)) "_1"(text);
-- $1 = 'aLICE'
SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"_data":' || to_json("_0"."_data")::text || '}'
FROM "deep"."strings" "_0"
WHERE ("_0"."_data" NOT ILIKE $1::text)) "_1"(text);
-- $1 = 'a%'
SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"_data":' || to_json("_0"."_data")::text || '}'
FROM "deep"."strings" "_0"
WHERE ("_0"."_data" LIKE $1::text)) "_1"(text);
-- $1 = ''
