SELECT '{"aggregate":' || '{"count":' || count(*)::text || ',"avg":' || '{"_data":' || coalesce('"' || avg("_1"."_data")::text || '"', 'null') || '}' || ',"sum":' || '{"_data":' || coalesce('"' || sum("_1"."_data")::text || '"', 'null') || '}' || ',"max":' || '{"_data":' || coalesce('"' || max("_1"."_data")::text || '"', 'null') || ',"id":' || coalesce('"' || max(("_1"."id"::text COLLATE "C"))::text || '"', 'null') || '}' || '}' || '}'
FROM (SELECT "_0".*
FROM "deep"."numbers" "_0") "_1"
HAVING true;
