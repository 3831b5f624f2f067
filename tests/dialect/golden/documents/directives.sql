SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || ',"_type":' || coalesce('"' || "_0"."_type"::text || '"', 'null') || '}'
FROM "deep"."links" "_0"
WHERE ("_0"."_i" = $1::bigint)) "_1"(text);
-- $1 = '4'
