SELECT '[' || coalesce(string_agg("_19".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_0"."_i"::text || ',"typed_aggregate":' || (SELECT '{"aggregate":' || '{"count":' || count(*)::text || ',"max":' || '{"_i":' || coalesce(max("_2"."_i")::text, 'null') || '}' || '}' || '}'
FROM (SELECT "_1".*
FROM "deep"."links" "_1"
WHERE ("_1"."_type" = "_0"."id")) "_2"
HAVING true) || ',"cut":' || (SELECT '{"aggregate":' || '{"count":' || count(*)::text || ',"min":' || '{"_i":' || coalesce(min("_5"."_i")::text, 'null') || '}' || '}' || ',"nodes":[' || coalesce(string_agg('{"_i":' || "_5"."_i"::text || '}', ','
ORDER BY "_5"."#"), '') || ']}'
FROM (SELECT "_6".*, row_number() OVER () AS "#"
FROM (SELECT "_4".*
FROM "deep"."links" "_4"
WHERE ("_4"."_type" = "_0"."id")
ORDER BY "_4"."_i" DESC NULLS FIRST
LIMIT $1::bigint) "_6") "_5"
HAVING true) || ',"some":' || (SELECT '{"aggregate":' || '{"count":' || count(*)::text || '}' || ',"nodes":[' || coalesce(string_agg('{"to":' || coalesce((SELECT '{"_i":' || "_9"."_i"::text || '}'
FROM "deep"."links" "_9"
WHERE ("_9"."id" = "_8"."_to")
LIMIT 1), 'null') || '}', ','
ORDER BY "_8"."#"), '') || ']}'
FROM (SELECT "_10".*, row_number() OVER () AS "#"
FROM (SELECT "_7".*
FROM "deep"."links" "_7"
WHERE (("_7"."_from" = "_0"."id") AND EXISTS (SELECT
FROM "deep"."links" "_11"
WHERE ("_11"."id" = "_7"."_to")))) "_10") "_8"
HAVING true) || ',"string_aggregate":' || (SELECT '{"aggregate":' || '{"count":' || count(*)::text || '}' || '}'
FROM (SELECT "_12".*
FROM "deep"."strings" "_12"
WHERE ("_12"."id" = "_0"."id")) "_13"
HAVING true) || ',"type":' || coalesce((SELECT '{"typed_aggregate":' || (SELECT '{"aggregate":' || '{"count":' || count(*)::text || '}' || '}'
FROM (SELECT "_16".*
FROM "deep"."links" "_16"
WHERE ("_16"."_type" = "_15"."id")) "_17"
HAVING true) || '}'
FROM "deep"."links" "_15"
WHERE ("_15"."id" = "_0"."_type")
LIMIT 1), 'null') || '}'
FROM "deep"."links" "_0"
WHERE ("_0"."_i" = ANY($2::bigint[]))
ORDER BY "_0"."_i" ASC NULLS LAST) "_19"(text);
-- $1 = '2'
-- $2 = ['2', '3', '4']
