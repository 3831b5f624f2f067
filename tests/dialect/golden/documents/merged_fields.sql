SELECT '[' || coalesce(string_agg("_3".text, ','), '') || ']'
FROM (SELECT '{"from":' || coalesce((SELECT '{"_i":' || "_1"."_i"::text || ',"id":"' || "_1"."id"::text || '"}'
FROM "deep"."links" "_1"
WHERE ("_1"."id" = "_0"."_from")
LIMIT 1), 'null') || ',"to":' || coalesce((SELECT '{"_i":' || "_2"."_i"::text || '}'
FROM "deep"."links" "_2"
WHERE ("_2"."id" = "_0"."_to")
LIMIT 1), 'null') || '}'
FROM "deep"."links" "_0"
WHERE ("_0"."_i" = $1::bigint)) "_3"(text);
-- $1 = '5'
