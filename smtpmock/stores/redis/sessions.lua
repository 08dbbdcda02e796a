-- Read the sessions that have changed. ARGV: token that the reader knows, its position, most to return.
-- Returns the state, then for each: id, fields ({} if it is gone), number of the pieces of its dialogue that are there.
bury()
local token = redis.call('HGET', STATE, 'token') or ''
local floor = tonumber(redis.call('HGET', STATE, 's:floor') or 0)
local after = tonumber(ARGV[2])
local is_reset = token ~= ARGV[1] or after < floor
if is_reset then after = 0 end
local changed = redis.call('ZRANGEBYSCORE', P .. 's:changed', '(' .. after, '+inf', 'WITHSCORES', 'LIMIT', 0, ARGV[3])
local found = {}
for place = 1, #changed, 2 do
  local sid = changed[place]
  after = tonumber(changed[place + 1])
  local fields = redis.call('HGETALL', session_key(sid))
  if #fields > 0 or not is_reset then
    found[#found + 1] = sid
    found[#found + 1] = fields
    found[#found + 1] = redis.call('LLEN', dialogue_key(sid))
  end
end
local is_all = redis.call('ZCOUNT', P .. 's:changed', '(' .. after, '+inf') == 0
if is_all then after = math.max(after, tonumber(redis.call('HGET', STATE, 'seq') or 0)) end
return {token, is_reset and 1 or 0, is_all and 1 or 0, string.format('%d', after), found}
