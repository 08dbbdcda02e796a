-- Remove messages, as a purge does. ARGV: their numbers. Returns the numbers of those that were there.
local removed, ids = {}, {}
for _, number in ipairs(ARGV) do
  local id, sid = take(number)
  if id then
    keep_away(id, sid)
    removed[#removed + 1] = tonumber(number)
    ids[#ids + 1] = id
  end
end
if #ids > 0 then tell('purge', 'purged', ids) end
return removed
