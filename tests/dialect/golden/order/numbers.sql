SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"_data":' || to_json("_0"."_data")::text || '}'
FROM "deep"."numbers" "_0"
ORDER BY "_0"."_data" DESC NULLS FIRST) "_1"(text);
