-- Read the counters of rules. ARGV: their ids. Returns how often each was asked, and how often it applied.
local found = {}
for _, id in ipairs(ARGV) do
  local counters = redis.call('HMGET', P .. 'usage:' .. id, 'asked', 'hits')
  found[#found + 1] = tonumber(counters[1] or 0)
  found[#found + 1] = tonumber(counters[2] or 0)
end
return found
