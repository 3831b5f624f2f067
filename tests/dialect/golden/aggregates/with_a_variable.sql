SELECT '{"aggregate":' || '{"count":' || count(DISTINCT "_1"."_type")::text || '}' || '}'
FROM (SELECT "_0".*
FROM "deep"."links" "_0"
WHERE ("_0"."_i" > $1::bigint)) "_1"
HAVING true;
-- $1 = '2'
