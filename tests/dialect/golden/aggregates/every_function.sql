SELECT '{"aggregate":' || '{"avg":' || '{"_data":' || coalesce(to_json(avg("_1"."_data"))::text, 'null') || '}' || ',"sum":' || '{"_data":' || coalesce(to_json(sum("_1"."_data"))::text, 'null') || '}' || ',"max":' || '{"_data":' || coalesce(to_json(max("_1"."_data"))::text, 'null') || ',"created_at":' || coalesce(to_json(max("_1"."created_at"))::text, 'null') || ',"id":' || coalesce('"' || max(("_1"."id"::text COLLATE "C"))::text || '"', 'null') || '}' || ',"min":' || '{"_data":' || coalesce(to_json(min("_1"."_data"))::text, 'null') || ',"updated_at":' || coalesce(to_json(min("_1"."updated_at"))::text, 'null') || ',"id":' || coalesce('"' || min(("_1"."id"::text COLLATE "C"))::text || '"', 'null') || '}' || ',"stddev":' || '{"_data":' || coalesce(to_json(stddev("_1"."_data"))::text, 'null') || '}' || ',"stddev_pop":' || '{"_data":' || coalesce(to_json(stddev_pop("_1"."_data"))::text, 'null') || '}' || ',"stddev_samp":' || '{"_data":' || coalesce(to_json(stddev_samp("_1"."_data"))::text, 'null') || '}' || ',"var_pop":' || '{"_data":' || coalesce(to_json(var_pop("_1"."_data"))::text, 'null') || '}' || ',"var_samp":' || '{"_data":' || coalesce(to_json(var_samp("_1"."_data"))::text, 'null') || '}' || ',"variance":' || '{"_data":' || coalesce(to_json(variance("_1"."_data"))::text, 'null') || '}' || '}' || '}'
FROM (SELECT "_0".*
FROM "deep"."numbers" "_0") "_1"
HAVING true;
SELECT '{"aggregate":' || '{"avg":' || '{"_i":' || coalesce(to_json(avg("_1"."_i"))::text, 'null') || '}' || ',"sum":' || '{"_i":' || coalesce(sum("_1"."_i")::text, 'null') || '}' || ',"max":' || '{"_i":' || coalesce(max("_1"."_i")::text, 'null') || ',"_from":' || coalesce('"' || max(("_1"."_from"::text COLLATE "C"))::text || '"', 'null') || ',"_to":' || coalesce('"' || max(("_1"."_to"::text COLLATE "C"))::text || '"', 'null') || ',"_value":' || coalesce('"' || max(("_1"."_value"::text COLLATE "C"))::text || '"', 'null') || ',"id":' || coalesce('"' || max(("_1"."id"::text COLLATE "C"))::text || '"', 'null') || '}' || ',"min":' || '{"_i":' || coalesce(min("_1"."_i")::text, 'null') || ',"_type":' || coalesce('"' || min(("_1"."_type"::text COLLATE "C"))::text || '"', 'null') || ',"id":' || coalesce('"' || min(("_1"."id"::text COLLATE "C"))::text || '"', 'null') || ',"created_at":' || coalesce(to_json(min("_1"."created_at"))::text, 'null') || '}' || ',"stddev":' || '{"_i":' || coalesce(to_json(stddev("_1"."_i"))::text, 'null') || '}' || ',"stddev_pop":' || '{"_i":' || coalesce(to_json(stddev_pop("_1"."_i"))::text, 'null') || '}' || ',"stddev_samp":' || '{"_i":' || coalesce(to_json(stddev_samp("_1"."_i"))::text, 'null') || '}' || ',"var_pop":' || '{"_i":' || coalesce(to_json(var_pop("_1"."_i"))::text, 'null') || '}' || ',"var_samp":' || '{"_i":' || coalesce(to_json(var_samp("_1"."_i"))::text, 'null') || '}' || ',"variance":' || '{"_i":' || coalesce(to_json(variance("_1"."_i"))::text, 'null') || '}' || '}' || '}'
FROM (SELECT "_0".*
FROM "deep"."links" "_0"
WHERE (("_0"."_i" >= $1::bigint) AND ("_0"."_i" <= $2::bigint))) "_1"
HAVING true;
-- $1 = '4'
-- $2 = '7'
SELECT '{"aggregate":' || '{"max":' || '{"_data":' || coalesce(to_json(max("_1"."_data"))::text, 'null') || ',"id":' || coalesce('"' || max(("_1"."id"::text COLLATE "C"))::text || '"', 'null') || '}' || ',"min":' || '{"_data":' || coalesce(to_json(min("_1"."_data"))::text, 'null') || '}' || '}' || '}'
FROM (SELECT "_0".*
FROM "deep"."strings" "_0") "_1"
HAVING true;
SELECT '{"aggregate":' || '{"count":' || count(*)::text || ',"max":' || '{"id":' || coalesce('"' || max(("_1"."id"::text COLLATE "C"))::text || '"', 'null') || '}' || ',"min":' || '{"created_at":' || coalesce(to_json(min("_1"."created_at"))::text, 'null') || '}' || '}' || '}'
FROM (SELECT "_0".*
FROM "deep"."functions" "_0") "_1"
HAVING true;
