SELECT '{"aggregate":' || '{"count":' || count(*)::text || ',"avg":' || '{"_data":' || coalesce(to_json(avg("_1"."_data"))::text, 'null') || '}' || ',"sum":' || '{"_data":' || coalesce(to_json(sum("_1"."_data"))::text, 'null') || '}' || ',"max":' || '{"_data":' || coalesce(to_json(max("_1"."_data"))::text, 'null') || ',"id":' || coalesce('"' || max(("_1"."id"::text COLLATE "C"))::text || '"', 'null') || '}' || ',"stddev":' || '{"_data":' || coalesce(to_json(stddev("_1"."_data"))::text, 'null') || '}' || '}' || ',"nodes":[' || coalesce(string_agg('{"id":"' || "_1"."id"::text || '"}', ','
ORDER BY "_1"."#"), '') || ']}'
FROM (SELECT "_2".*, row_number() OVER () AS "#"
FROM (SELECT "_0".*
FROM "deep"."numbers" "_0"
WHERE false) "_2") "_1"
HAVING true;
