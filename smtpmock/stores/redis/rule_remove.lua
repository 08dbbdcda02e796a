-- Remove rules. ARGV: their ids; none for all rules. Returns the version of the rules.
local ids = ARGV
if #ids == 0 then ids = redis.call('ZRANGE', P .. 'rule_order', 0, -1) end
local removed = {}
for _, id in ipairs(ids) do
  if redis.call('HDEL', P .. 'rules', id) == 1 then
    redis.call('ZREM', P .. 'rule_order', id)
    redis.call('DEL', P .. 'counts:' .. id, P .. 'recent:' .. id, P .. 'grey:' .. id)
    redis.call('EXPIRE', P .. 'usage:' .. id, 86400)
    removed[#removed + 1] = id
  end
end
if #removed > 0 then
  redis.call('PUBLISH', P .. 'rules', redis.call('HINCRBY', STATE, 'rules', 1))
  tell('rule', 'removed', removed)
end
return tonumber(redis.call('HGET', STATE, 'rules') or 0)
