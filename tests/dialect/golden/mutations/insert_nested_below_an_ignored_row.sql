WITH touched AS (INSERT INTO "deep"."links" AS t ("id", "_deep")
SELECT g."id", g."_deep"
FROM json_to_recordset($1::json) AS g("id" uuid, "_deep" uuid)
ON CONFLICT ON CONSTRAINT "links_pkey" DO NOTHING
RETURNING t."id", t."_deep", t."_i", t."_type", t."_from", t."_to", t."_value", t."created_at", t."updated_at")
SELECT coalesce(json_agg(x), '[]')::text
FROM touched x;
-- $1 = [{"id":"a0000000-0000-4000-8000-000000000001","_deep":"90000000-0000-4000-8000-000000000000"}]
WITH touched AS (INSERT INTO "deep"."links" AS t ("id", "_deep", "_from")
SELECT g."id", g."_deep", g."_from"
FROM json_to_recordset($1::json) AS g("id" uuid, "_deep" uuid, "_from" uuid)
RETURNING t."id")
SELECT coalesce(json_agg(x), '[]')::text
FROM touched x;
-- $1 = [{"id":"e0000000-0000-4000-8000-000000000001","_deep":"90000000-0000-4000-8000-000000000000","_from":"a0000000-0000-4000-8000-000000000001"}]
SELECT '{"id":"' || x."id"::text || '"}'
FROM json_to_recordset($1::json) AS x("id" uuid, "_deep" uuid, "_i" bigint, "_type" uuid, "_from" uuid, "_to" uuid, "_value" uuid, "created_at" timestamptz, "updated_at" timestamptz);
-- $1 = the answers before
