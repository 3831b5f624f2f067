SELECT '{"aggregate":' || '{"count":' || count(*)::text || ',"sum":' || '{"_i":' || coalesce(sum("_1"."_i")::text, 'null') || '}' || '}' || ',"nodes":[' || coalesce(string_agg('{"_i":' || "_1"."_i"::text || '}', ','
ORDER BY "_1"."#"), '') || ']}'
FROM (SELECT "_2".*, row_number() OVER () AS "#"
FROM (SELECT "_0".*
FROM "deep"."links" "_0"
ORDER BY "_0"."_i" DESC NULLS FIRST
LIMIT $1::bigint OFFSET $2::bigint) "_2") "_1"
HAVING true;
-- $1 = '4'
-- $2 = '10'
SELECT '{"aggregate":' || '{"count":' || count(*)::text || ',"max":' || '{"_i":' || coalesce(max("_1"."_i")::text, 'null') || '}' || '}' || ',"nodes":[' || coalesce(string_agg('{"_type":' || coalesce('"' || "_1"."_type"::text || '"', 'null') || ',"_i":' || "_1"."_i"::text || '}', ','
ORDER BY "_1"."#"), '') || ']}'
FROM (SELECT "_2".*, row_number() OVER () AS "#"
FROM (SELECT DISTINCT ON ("_0"."_type") "_0".*
FROM "deep"."links" "_0"
ORDER BY "_0"."_type" ASC NULLS LAST, "_0"."_i" DESC NULLS FIRST) "_2") "_1"
HAVING true;
SELECT '{"aggregate":' || '{"count":' || count(*)::text || ',"max":' || '{"_i":' || coalesce(max("_1"."_i")::text, 'null') || '}' || '}' || '}'
FROM (SELECT "_0".*
FROM "deep"."links" "_0"
ORDER BY "_0"."_i" ASC NULLS LAST
LIMIT $1::bigint) "_1"
HAVING true;
-- $1 = '3'
