WITH touched AS (DELETE FROM "deep"."strings" AS t
WHERE (t."id" = $1::uuid)
RETURNING t."_data")
SELECT '{"_data":' || to_json(x."_data")::text || '}'
FROM touched x;
-- $1 = 'b0000000-0000-4000-8000-000000000001'
WITH touched AS (DELETE FROM "deep"."strings" AS t
WHERE (t."id" = $1::uuid)
RETURNING t."_data")
SELECT '{"_data":' || to_json(x."_data")::text || '}'
FROM touched x;
-- $1 = 'b0000000-0000-4000-8000-000000000009'
