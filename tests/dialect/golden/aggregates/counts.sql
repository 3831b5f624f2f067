SELECT '{"aggregate":' || '{"count":' || count(*)::text || ',"values":' || count("_1"."_value")::text || ',"types":' || count(DISTINCT "_1"."_type")::text || ',"tuples":' || count(("_1"."_type", "_1"."_value"))::text || ',"different":' || count(DISTINCT ("_1"."_type", "_1"."_value"))::text || ',"plain":' || count(*)::text || '}' || '}'
FROM (SELECT "_0".*
FROM "deep"."links" "_0") "_1"
HAVING true;
