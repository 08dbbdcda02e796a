-- Note that rules were asked, and that some of them applied. ARGV: token of the operation, number of the rules that were
-- asked, their ids, the ids of those that applied.
if done_before(ARGV[1]) then return 0 end
note_done(ARGV[1], 1)
local asked = tonumber(ARGV[2])
local applied = {}
for place = 3, #ARGV do
  local id = ARGV[place]
  local is_asked = place <= asked + 2
  if redis.call('HEXISTS', P .. 'rules', id) == 1 then
    redis.call('HINCRBY', P .. 'usage:' .. id, is_asked and 'asked' or 'hits', 1)
    if not is_asked then applied[#applied + 1] = id end
  end
end
if #applied > 0 then tell('rule', 'applied', applied) end
return 1
