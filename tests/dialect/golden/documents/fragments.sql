SELECT '[' || coalesce(string_agg("_7".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || ',"from":' || coalesce((SELECT '{"_i":' || "_1"."_i"::text || '}'
FROM "deep"."links" "_1"
WHERE ("_1"."id" = "_0"."_from")
LIMIT 1), 'null') || ',"to":' || coalesce((SELECT '{"_i":' || "_2"."_i"::text || '}'
FROM "deep"."links" "_2"
WHERE ("_2"."id" = "_0"."_to")
LIMIT 1), 'null') || ',"id":"' || "_0"."id"::text || '","out":' || (SELECT '[' || coalesce(string_agg("_6".text, ','), '') || ']'
FROM (SELECT '{"from":' || coalesce((SELECT '{"_i":' || "_4"."_i"::text || '}'
FROM "deep"."links" "_4"
WHERE ("_4"."id" = "_3"."_from")
LIMIT 1), 'null') || ',"to":' || coalesce((SELECT '{"_i":' || "_5"."_i"::text || '}'
FROM "deep"."links" "_5"
WHERE ("_5"."id" = "_3"."_to")
LIMIT 1), 'null') || ',"id":"' || "_3"."id"::text || '"}'
FROM "deep"."links" "_3"
WHERE ("_3"."_from" = "_0"."id")
ORDER BY "_3"."_i" ASC NULLS LAST) "_6"(text)) || '}'
FROM "deep"."links" "_0"
WHERE ("_0"."_i" = $1::bigint)) "_7"(text);
-- $1 = '4'
