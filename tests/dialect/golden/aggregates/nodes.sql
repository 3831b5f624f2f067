SELECT '{"nodes":[' || coalesce(string_agg('{"_i":' || "_1"."_i"::text || ',"from":' || coalesce((SELECT '{"_i":' || "_2"."_i"::text || '}'
FROM "deep"."links" "_2"
WHERE ("_2"."id" = "_1"."_from")
LIMIT 1), 'null') || ',"out":' || (SELECT '[' || coalesce(string_agg("_4".text, ','), '') || ']'
FROM (SELECT '{"_i":' || "_3"."_i"::text || '}'
FROM "deep"."links" "_3"
WHERE ("_3"."_from" = "_1"."id")
ORDER BY "_3"."_i" ASC NULLS LAST) "_4"(text)) || '}', ','
ORDER BY "_1"."#"), '') || '],"aggregate":' || '{"count":' || count(DISTINCT "_1"."_from")::text || '}' || ',"again":[' || coalesce(string_agg('{"id":"' || "_1"."id"::text || '"}', ','
ORDER BY "_1"."#"), '') || ']}'
FROM (SELECT "_5".*, row_number() OVER () AS "#"
FROM (SELECT "_0".*
FROM "deep"."links" "_0"
WHERE (("_0"."_i" > $1::bigint) AND ("_0"."_i" < $2::bigint))
ORDER BY "_0"."_from" ASC NULLS LAST, "_0"."_i" DESC NULLS FIRST) "_5") "_1"
HAVING true;
-- $1 = '3'
-- $2 = '8'
