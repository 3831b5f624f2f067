SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"_data":' || to_json("_0"."_data")::text || '}'
FROM "deep"."numbers" "_0"
WHERE ("_0"."_data" = $1::numeric)) "_1"(text);
-- $1 = '-2'
SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"_data":' || to_json("_0"."_data")::text || '}'
FROM "deep"."numbers" "_0"
WHERE ("_0"."_data" = $1::numeric)) "_1"(text);
-- $1 = '12345678901234567890.123'
SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"_data":' || to_json("_0"."_data")::text || '}'
FROM "deep"."numbers" "_0"
WHERE ("_0"."_data" = $1::numeric)) "_1"(text);
-- $1 = '1.5'
SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"_data":' || to_json("_0"."_data")::text || '}'
FROM "deep"."numbers" "_0"
WHERE ("_0"."_data" = ANY($1::numeric[]))
ORDER BY "_0"."_data" ASC NULLS LAST) "_1"(text);
-- $1 = ['1.5', '-2']
SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"_data":' || to_json("_0"."_data")::text || '}'
FROM "deep"."numbers" "_0"
WHERE (("_0"."_data" > $1::numeric) AND ("_0"."_data" < $2::numeric))
ORDER BY "_0"."_data" DESC NULLS FIRST) "_1"(text);
-- $1 = '-3'
-- $2 = '2'
SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || '}'
FROM "deep"."links" "_0"
WHERE ("_0"."_i" = $1::bigint)) "_1"(text);
-- $1 = '3'
