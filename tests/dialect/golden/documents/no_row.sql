SELECT '{"id":"' || "_0"."id"::text || '"}'
FROM "deep"."links" "_0"
WHERE ("_0"."id" = $1::uuid);
-- $1 = 'ffffffff-0000-4000-8000-000000000000'
