-- Read the messages that have changed. ARGV: token that the reader knows, its position, most to return, 1 to purge all.
-- Returns the state, then for each: number, record ('' if it is gone), raw, tags, number of its session.
local token = redis.call('HGET', STATE, 'token') or ''
local floor = tonumber(redis.call('HGET', STATE, 'm:floor') or 0)
local after = tonumber(ARGV[2])
local is_reset = token ~= ARGV[1] or after < floor
if is_reset then after = 0 end
bury()
local changed = redis.call('ZRANGEBYSCORE', P .. 'm:changed', '(' .. after, '+inf', 'WITHSCORES', 'LIMIT', 0, ARGV[3])
local found = {}
local size = 0
for place = 1, #changed, 2 do
  local number = changed[place]
  local record = redis.call('HGET', P .. 'rec', number)
  after = tonumber(changed[place + 1])
  if record or not is_reset then
    local raw = record and redis.call('HGET', P .. 'raw', number) or ''
    local meta = record and redis.call('HGET', P .. 'meta', number) or ''
    found[#found + 1] = number
    found[#found + 1] = record or ''
    found[#found + 1] = raw
    found[#found + 1] = redis.call('HGET', P .. 'tags', number) or ''
    found[#found + 1] = string.match(meta, '(%d+) %S+$') or '0'
    size = size + #raw
    if size > 4194304 and ARGV[4] ~= '1' then break end
  end
end
local is_all = redis.call('ZCOUNT', P .. 'm:changed', '(' .. after, '+inf') == 0
local state = redis.call('HMGET', STATE, 'last', 'last_session', 'dropped', 'seq')
if ARGV[4] == '1' then
  local ids = {}
  for _, number in ipairs(redis.call('ZRANGE', P .. 'live', 0, -1)) do
    ids[#ids + 1] = string.match(redis.call('HGET', P .. 'meta', number), '^(%S+)')
  end
  for _, sid in ipairs(redis.call('ZRANGE', P .. 'open', 0, -1)) do
    local last = redis.call('HGET', session_key(sid), 'last_id')
    if last then redis.call('HSET', session_key(sid), 'purged', last) end
  end
  for _, sid in ipairs(redis.call('ZRANGE', P .. 'ended', 0, -1)) do
    redis.call('DEL', session_key(sid), dialogue_key(sid))
  end
  local seq = next_change()
  redis.call('HSET', STATE, 'bytes', 0, 'ended_facts', 0, 'm:floor', seq, 's:floor', seq)
  redis.call('DEL', P .. 'rec', P .. 'raw', P .. 'meta', P .. 'tags', P .. 'ids', P .. 'live', P .. 'm:changed',
    P .. 'm:gone', P .. 's:changed', P .. 's:gone', P .. 'ended')
  for _, sid in ipairs(redis.call('ZRANGE', P .. 'open', 0, -1)) do touch('s', sid) end
  after = seq
  tell('purge', 'all', ids)
elseif is_all then
  -- What is removed from here on is newer, whatever else has changed: sessions share the numbers of changes.
  after = math.max(after, tonumber(state[4] or 0))
end
return {token, is_reset and 1 or 0, is_all and 1 or 0, string.format('%d', after),
  tonumber(state[1] or 0), tonumber(state[2] or 0), tonumber(state[3] or 0),
  redis.call('ZCARD', P .. 'open'), found}
