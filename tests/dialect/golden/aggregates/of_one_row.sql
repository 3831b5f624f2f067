SELECT '{"aggregate":' || '{"count":' || count(*)::text || ',"avg":' || '{"_data":' || coalesce(to_json(avg("_1"."_data"))::text, 'null') || '}' || ',"stddev":' || '{"_data":' || coalesce(to_json(stddev("_1"."_data"))::text, 'null') || '}' || ',"variance":' || '{"_data":' || coalesce(to_json(variance("_1"."_data"))::text, 'null') || '}' || ',"stddev_samp":' || '{"_data":' || coalesce(to_json(stddev_samp("_1"."_data"))::text, 'null') || '}' || ',"var_samp":' || '{"_data":' || coalesce(to_json(var_samp("_1"."_data"))::text, 'null') || '}' || ',"stddev_pop":' || '{"_data":' || coalesce(to_json(stddev_pop("_1"."_data"))::text, 'null') || '}' || ',"var_pop":' || '{"_data":' || coalesce(to_json(var_pop("_1"."_data"))::text, 'null') || '}' || '}' || '}'
FROM (SELECT "_0".*
FROM "deep"."numbers" "_0"
WHERE ("_0"."_data" = $1::numeric)) "_1"
HAVING true;
-- $1 = '-2'
