-- Count a match of a rule. ARGV: token of the operation, id of the rule, key. Returns the number of matches, 0 if the
-- rule is there no more.
local known = done_before(ARGV[1])
if known then return tonumber(known) end
local id, key = ARGV[2], ARGV[3]
if redis.call('HEXISTS', P .. 'rules', id) == 0 then return 0 end
local count = redis.call('HINCRBY', P .. 'counts:' .. id, key, 1)
remember_recent(P .. 'recent:' .. id, P .. 'counts:' .. id, key)
note_done(ARGV[1], count)
return count
