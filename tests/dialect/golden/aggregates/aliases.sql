SELECT '{"figures":' || '{"n":' || count(*)::text || ',"biggest":' || '{"top":' || coalesce(max("_1"."_i")::text, 'null') || '}' || '}' || ',"more":' || '{"count":' || count(*)::text || '}' || ',"rows":[' || coalesce(string_agg('{"number":' || "_1"."_i"::text || '}', ','
ORDER BY "_1"."#"), '') || ']}'
FROM (SELECT "_2".*, row_number() OVER () AS "#"
FROM (SELECT "_0".*
FROM "deep"."links" "_0"
WHERE ("_0"."_i" < $1::bigint)) "_2") "_1"
HAVING true;
-- $1 = '5'
SELECT '{"aggregate":' || '{"count":' || count(*)::text || '}' || '}'
FROM (SELECT "_0".*
FROM "deep"."strings" "_0") "_1"
HAVING true;
