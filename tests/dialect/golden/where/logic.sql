SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"_data":' || to_json("_0"."_data")::text || '}'
FROM "deep"."numbers" "_0"
WHERE false) "_1"(text);
SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"_data":' || to_json("_0"."_data")::text || '}'
FROM "deep"."numbers" "_0"
WHERE (NOT true)) "_1"(text);
SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"_data":' || to_json("_0"."_data")::text || '}'
FROM "deep"."numbers" "_0"
ORDER BY "_0"."_data" ASC NULLS LAST) "_1"(text);
SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"_data":' || to_json("_0"."_data")::text || '}'
FROM "deep"."numbers" "_0"
ORDER BY "_0"."_data" ASC NULLS LAST) "_1"(text);
SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"_data":' || to_json("_0"."_data")::text || '}'
FROM "deep"."numbers" "_0"
WHERE ("_0"."_data" = $1::numeric)) "_1"(text);
-- $1 = '1.5'
SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"_data":' || to_json("_0"."_data")::text || '}'
FROM "deep"."numbers" "_0"
WHERE (("_0"."_data" < $1::numeric) OR ("_0"."_data" > $2::numeric))
ORDER BY "_0"."_data" ASC NULLS LAST) "_1"(text);
-- $1 = '0'
-- $2 = '100'
SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"_data":' || to_json("_0"."_data")::text || '}'
FROM "deep"."numbers" "_0"
WHERE (NOT (("_0"."_data" < $1::numeric) OR ("_0"."_data" > $2::numeric)))) "_1"(text);
-- $1 = '0'
-- $2 = '100'
