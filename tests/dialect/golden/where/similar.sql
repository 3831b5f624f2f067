SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"_data":' || to_json("_0"."_data")::text || '}'
FROM "deep"."strings" "_0"
WHERE ("_0"."_data" SIMILAR TO $1::text)) "_1"(text);
-- $1 = 'A%e'
SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"_data":' || to_json("_0"."_data")::text || '}'
FROM "deep"."strings" "_0"
WHERE ("_0"."_data" NOT SIMILAR TO $1::text)
ORDER BY "_0"."_data" ASC NULLS LAST) "_1"(text);
-- $1 = 'A%'
