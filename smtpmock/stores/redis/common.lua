-- What all scripts share. KEYS[1] is the beginning of all keys; the database belongs to them.
local P = KEYS[1]
local STATE = P .. 'state'
local MOST_GONE = 10000 -- removed messages and sessions that readers can still be told of one by one
local LEASE = 1000 -- milliseconds

local CHANGES = 16 -- whose numbers are taken together; those that are not needed are left out

local now -- the same for all that a script does
local function now_ms()
  if not now then
    local time = redis.call('TIME')
    now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
  end
  return now
end

local last_change, last_taken = 0, 0
local function next_change()
  if last_change == last_taken then
    last_taken = redis.call('HINCRBY', STATE, 'seq', CHANGES)
    last_change = last_taken - CHANGES
  end
  last_change = last_change + 1
  return last_change
end

local function touch(what, member)
  redis.call('ZADD', P .. what .. ':changed', next_change(), member)
end

-- Note that something is there no more; beyond a number of them, readers have to begin anew.
local function touch_gone(what, member)
  touch(what, member)
  redis.call('RPUSH', P .. what .. ':gone', member)
  while redis.call('LLEN', P .. what .. ':gone') > MOST_GONE do
    local oldest = redis.call('LPOP', P .. what .. ':gone')
    local seq = redis.call('ZSCORE', P .. what .. ':changed', oldest)
    if seq then
      redis.call('ZREM', P .. what .. ':changed', oldest)
      redis.call('HSET', STATE, what .. ':floor', seq)
    end
  end
end

local is_followed = {}
local function tell(topic, action, ids, number, accepted)
  local channel = P .. (topic == 'rule' and 'rule' or 'record') .. ':changes'
  if is_followed[channel] == nil then is_followed[channel] = redis.call('PUBSUB', 'NUMSUB', channel)[2] > 0 end
  if is_followed[channel] then
    redis.call('PUBLISH', channel, cjson.encode({topic, action, ids, tonumber(number) or 0, accepted or false}))
  end
end

local function session_key(sid) return P .. 's:' .. sid end
local function dialogue_key(sid) return P .. 'x:' .. sid end

-- Remove a message; return its id and the id of its session, or nil if it is not there.
local function take(number)
  local meta = redis.call('HGET', P .. 'meta', number)
  if not meta then return nil end
  local id, sid, size = string.match(meta, '^(%S+) (%S+) (%d+)')
  for _, hash in ipairs({'rec', 'raw', 'meta', 'tags'}) do redis.call('HDEL', P .. hash, number) end
  redis.call('HDEL', P .. 'ids', id)
  redis.call('ZREM', P .. 'live', number)
  redis.call('HINCRBY', STATE, 'bytes', 0 - tonumber(size))
  touch_gone('m', number)
  return id, sid
end

-- Make sure that a removed message stays away, even if its session adds to it.
local function keep_away(id, sid)
  if sid ~= '-' and redis.call('HGET', session_key(sid), 'last_id') == id then
    redis.call('HSET', session_key(sid), 'purged', id)
  end
end

local function drop_oldest()
  local number = redis.call('ZRANGE', P .. 'live', 0, 0)[1]
  local id, sid = take(number)
  keep_away(id, sid)
  redis.call('HINCRBY', STATE, 'dropped', 1)
  tell('purge', 'dropped', {id}, number)
end

-- Return the number of exchanges of a session that are there.
local function count_exchanges(sid)
  local counts = redis.call('HMGET', session_key(sid), 'count', 'forgotten')
  return tonumber(counts[1] or 0) - tonumber(counts[2] or 0)
end

local function drop_session(sid)
  local facts = count_exchanges(sid)
  redis.call('DEL', session_key(sid), dialogue_key(sid))
  redis.call('ZREM', P .. 'ended', sid)
  redis.call('ZREM', P .. 'open', sid)
  redis.call('HINCRBY', STATE, 'ended_facts', 0 - facts)
  touch_gone('s', sid)
end

-- Hold the bounds: a number of messages and of ended sessions, and of bytes; 0 for no limit.
local function hold_bounds(most, bytes)
  while most > 0 and redis.call('ZCARD', P .. 'live') > most do drop_oldest() end
  while bytes > 0 and tonumber(redis.call('HGET', STATE, 'bytes') or 0) > bytes
    and redis.call('ZCARD', P .. 'live') > 1 do drop_oldest() end
  while most > 0 and (redis.call('ZCARD', P .. 'ended') > most
    or (tonumber(redis.call('HGET', STATE, 'ended_facts') or 0) > 10 * most
      and redis.call('ZCARD', P .. 'ended') > 1)) do
    drop_session(redis.call('ZRANGE', P .. 'ended', 0, 0)[1])
  end
end

local function end_session(sid, server, time, by)
  redis.call('HSET', session_key(sid), 'ended', time, 'ended_by', by)
  redis.call('ZREM', P .. 'open', sid)
  redis.call('SREM', P .. 'open:' .. server, sid)
  redis.call('ZADD', P .. 'ended', time, sid)
  local user = redis.call('HGET', session_key(sid), 'user')
  if user then redis.call('ZREM', P .. 'login:' .. user, sid) end
  redis.call('HINCRBY', STATE, 'ended_facts', count_exchanges(sid))
  touch('s', sid)
  tell('session', 'ended', {sid})
end

-- End the sessions of the servers whose leases have expired.
local function bury()
  for _, server in ipairs(redis.call('ZRANGEBYSCORE', P .. 'leases', '-inf', now_ms())) do
    local expired = redis.call('ZSCORE', P .. 'leases', server)
    for _, sid in ipairs(redis.call('SMEMBERS', P .. 'open:' .. server)) do
      end_session(sid, server, string.format('%.3f', expired / 1000), 'lease')
    end
    redis.call('ZREM', P .. 'leases', server)
    redis.call('HDEL', P .. 'acks', server)
  end
end

-- Return what an operation that must not be done twice has returned, if it was done.
local function done_before(token) return redis.call('GET', P .. 'once:' .. token) end
local function note_done(token, result) redis.call('SET', P .. 'once:' .. token, result, 'EX', 60) end

-- Keep the 10,000 keys of a hash that were used last.
local function remember_recent(recent, hash, key)
  if key == '' then return end
  redis.call('ZADD', recent, redis.call('HINCRBY', STATE, 'uses', 1), key)
  while redis.call('ZCARD', recent) > 10000 do
    redis.call('HDEL', hash, redis.call('ZPOPMIN', recent)[1])
  end
end
