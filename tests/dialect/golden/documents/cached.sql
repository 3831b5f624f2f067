SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"_data":' || to_json("_0"."_data")::text || '}'
FROM "deep"."strings" "_0"
WHERE ("_0"."_data" = $1::text)) "_1"(text);
-- $1 = ''
