-- Read the rules. Returns their version, then the id and the JSON of each, oldest first.
local found = {tonumber(redis.call('HGET', STATE, 'rules') or 0)}
for _, id in ipairs(redis.call('ZRANGE', P .. 'rule_order', 0, -1)) do
  found[#found + 1] = id
  found[#found + 1] = redis.call('HGET', P .. 'rules', id)
end
return found
