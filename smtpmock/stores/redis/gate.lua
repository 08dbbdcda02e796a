-- Examine the further condition of a ready-made rule. ARGV: token of the operation, id of the rule, key, its name, its
-- numbers. Returns 1 if the rule applies.
local known = done_before(ARGV[1])
if known then return tonumber(known) end
local id, key, name = ARGV[2], ARGV[3], ARGV[4]
local now = now_ms() / 1000 + tonumber(redis.call('HGET', STATE, 'ahead') or 0)
local applies = 0

if redis.call('HEXISTS', P .. 'rules', id) == 0 then return 0 end
if name == 'greylist' then
  local first = redis.call('HGET', P .. 'grey:' .. id, key)
  if not first then
    first = string.format('%.3f', now)
    redis.call('HSET', P .. 'grey:' .. id, key, first)
  end
  remember_recent(P .. 'recent:' .. id, P .. 'grey:' .. id, key)
  if now - tonumber(first) < tonumber(ARGV[5]) then applies = 1 end
elseif name == 'limit_rate' then
  local messages, per = tonumber(ARGV[5]), tonumber(ARGV[6])
  local passed = P .. 'rate:' .. id .. ':' .. key
  while true do
    local oldest = redis.call('LINDEX', passed, 0)
    if not oldest or now - tonumber(oldest) < per then break end
    redis.call('LPOP', passed)
  end
  if redis.call('LLEN', passed) >= messages then
    applies = 1
  else
    redis.call('RPUSH', passed, string.format('%.3f', now))
    redis.call('EXPIRE', passed, math.min(math.ceil(per) + 1, 100000000)) -- the clock is only ever moved forward
  end
else
  local most, sid, user = tonumber(ARGV[5]), string.match(key, '^(%S+) ?(.*)$')
  if ARGV[6] == 'user' then
    local logins = P .. 'login:' .. user
    redis.call('ZREMRANGEBYSCORE', logins, '-inf', now_ms())
    local others = redis.call('ZCARD', logins) - (redis.call('ZSCORE', logins, sid) and 1 or 0)
    if others >= most then
      applies = 1
    else
      redis.call('ZADD', logins, 'NX', now_ms() + 5000, sid) -- until the login is known to have succeeded
    end
  else
    -- Those that began before it count, itself included: so the order in which they ask does not matter.
    local number = redis.call('ZSCORE', P .. 'open', sid)
    if number and redis.call('ZCOUNT', P .. 'open', '-inf', number) > most then applies = 1 end
  end
end
note_done(ARGV[1], applies)
return applies
