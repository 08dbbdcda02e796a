-- Add a rule, one of a profile only once: each server that starts with the profile adds it.
-- ARGV: token of the operation, the rule as JSON. Returns its id and the version of the rules.
local known = done_before(ARGV[1])
if not known and cjson.decode(ARGV[2]).profile then
  local all = redis.call('HGETALL', P .. 'rules')
  for place = 2, #all, 2 do
    if all[place] == ARGV[2] then known = all[place - 1] end
  end
end
if not known then
  local number = redis.call('HINCRBY', STATE, 'last_rule', 1)
  known = 'rule-' .. number
  redis.call('HSET', P .. 'rules', known, ARGV[2])
  redis.call('ZADD', P .. 'rule_order', number, known)
  redis.call('PUBLISH', P .. 'rules', redis.call('HINCRBY', STATE, 'rules', 1))
  note_done(ARGV[1], known)
  tell('rule', 'added', {known})
end
return {known, tonumber(redis.call('HGET', STATE, 'rules'))}
