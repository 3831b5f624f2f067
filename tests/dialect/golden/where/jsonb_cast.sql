SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"id":"' || "_0"."id"::text || '"}'
FROM "deep"."functions" "_0"
WHERE (("_0"."id" = $1::uuid) AND (("_0"."_data"::text COLLATE "C") LIKE $2::text))) "_1"(text);
-- $1 = 'd0000000-0000-4000-8000-000000000002'
-- $2 = '%"js"%'
SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"id":"' || "_0"."id"::text || '"}'
FROM "deep"."functions" "_0"
WHERE (("_0"."id" = $1::uuid) AND (("_0"."_data"::text COLLATE "C") = $2::text))) "_1"(text);
-- $1 = 'd0000000-0000-4000-8000-000000000002'
-- $2 = '{"name": "g", "language": "js"}'
SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"id":"' || "_0"."id"::text || '"}'
FROM "deep"."functions" "_0"
ORDER BY "_0"."id" ASC NULLS LAST) "_1"(text);
SELECT '[' || coalesce(string_agg("_1".text, ','), '') || ']'
FROM (SELECT '{"id":"' || "_0"."id"::text || '"}'
FROM "deep"."functions" "_0"
WHERE ("_0"."_data" IS NULL)) "_1"(text);
