SELECT '{"aggregate":' || '{"count":' || count(*)::text || ',"max":' || '{"_i":' || coalesce(max("_1"."_i")::text, 'null') || '}' || '}' || '}'
FROM (SELECT "_0".*
FROM "deep"."links" "_0") "_1"
HAVING true;
