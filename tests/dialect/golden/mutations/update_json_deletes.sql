WITH touched AS (UPDATE "deep"."functions" AS t
SET "_data" = t."_data" - $1::text
WHERE (t."id" = $2::uuid)
RETURNING t."_data")
SELECT '{"_data":' || x."_data"::text || '}'
FROM touched x;
-- $1 = 'name'
-- $2 = 'd0000000-0000-4000-8000-000000000001'
WITH touched AS (UPDATE "deep"."functions" AS t
SET "_data" = t."_data" #- $1::text[]
WHERE (t."id" = $2::uuid)
RETURNING t."_data")
SELECT '{"_data":' || x."_data"::text || '}'
FROM touched x;
-- $1 = ['n', 'deep', '-1']
-- $2 = 'd0000000-0000-4000-8000-000000000001'
WITH touched AS (UPDATE "deep"."functions" AS t
SET "_data" = $1::jsonb
WHERE (t."id" = $2::uuid)
RETURNING t."_data")
SELECT '{"_data":' || x."_data"::text || '}'
FROM touched x;
-- $1 = ["a","b","a"]
-- $2 = 'd0000000-0000-4000-8000-000000000001'
WITH touched AS (UPDATE "deep"."functions" AS t
SET "_data" = t."_data" - $1::integer
WHERE (t."id" = $2::uuid)
RETURNING t."_data")
SELECT '{"_data":' || x."_data"::text || '}'
FROM touched x;
-- $1 = '-2'
-- $2 = 'd0000000-0000-4000-8000-000000000001'
