WITH touched AS (INSERT INTO "deep"."links" AS t ("id", "_deep")
SELECT g."id", g."_deep"
FROM json_to_recordset($1::json) AS g("id" uuid, "_deep" uuid)
ON CONFLICT ON CONSTRAINT "links_pkey" DO UPDATE
SET "id" = excluded."id"
WHERE (t."_deep" = excluded."_deep")
RETURNING t."id")
SELECT coalesce(json_agg(x), '[]')::text
FROM touched x;
-- $1 = [{"id":"a0000000-0000-4000-8000-000000000001","_deep":"90000000-0000-4000-8000-000000000000"}]
WITH touched AS (INSERT INTO "deep"."links" AS t ("id", "_deep", "_type")
SELECT g."id", g."_deep", g."_type"
FROM json_to_recordset($1::json) AS g("id" uuid, "_deep" uuid, "_type" uuid)
RETURNING t."id", t."_deep", t."_i", t."_type", t."_from", t."_to", t."_value", t."created_at", t."updated_at")
SELECT coalesce(json_agg(x), '[]')::text
FROM touched x;
-- $1 = [{"id":"e0000000-0000-4000-8000-000000000001","_deep":"90000000-0000-4000-8000-000000000000","_type":"a0000000-0000-4000-8000-000000000001"}]
WITH touched AS (INSERT INTO "deep"."links" AS t ("id", "_deep")
SELECT g."id", g."_deep"
FROM json_to_recordset($1::json) AS g("id" uuid, "_deep" uuid)
ON CONFLICT ON CONSTRAINT "links_pkey" DO UPDATE
SET "id" = excluded."id"
WHERE (t."_deep" = excluded."_deep")
RETURNING t."id")
SELECT coalesce(json_agg(x), '[]')::text
FROM touched x;
-- $1 = [{"id":"A0000000-0000-4000-8000-000000000001","_deep":"90000000-0000-4000-8000-000000000000"}]
WITH touched AS (INSERT INTO "deep"."links" AS t ("id", "_deep", "_type")
SELECT g."id", g."_deep", g."_type"
FROM json_to_recordset($1::json) AS g("id" uuid, "_deep" uuid, "_type" uuid)
RETURNING t."id", t."_deep", t."_i", t."_type", t."_from", t."_to", t."_value", t."created_at", t."updated_at")
SELECT coalesce(json_agg(x), '[]')::text
FROM touched x;
-- $1 = [{"id":"e0000000-0000-4000-8000-000000000002","_deep":"90000000-0000-4000-8000-000000000000","_type":"A0000000-0000-4000-8000-000000000001"}]
SELECT '{"affected_rows":' || $2::bigint::text || ',"returning":[' || coalesce(string_agg('{"id":"' || x."id"::text || '","_type":' || coalesce('"' || x."_type"::text || '"', 'null') || '}', ','), '') || ']}'
FROM json_to_recordset($1::json) AS x("id" uuid, "_deep" uuid, "_i" bigint, "_type" uuid, "_from" uuid, "_to" uuid, "_value" uuid, "created_at" timestamptz, "updated_at" timestamptz)
HAVING true;
-- $1 = the answers before
-- $2 = the answers before
