SELECT '{"aggregate":' || '{}' || '}'
FROM (SELECT "_0".*
FROM "deep"."links" "_0") "_1"
HAVING true;
