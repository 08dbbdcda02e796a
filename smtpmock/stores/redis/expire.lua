-- Drop what is older than a time. ARGV: the time in seconds.
local limit = tonumber(ARGV[1])
while true do
  local oldest = redis.call('ZRANGE', P .. 'live', 0, 0)[1]
  if not oldest then break end
  if tonumber(string.match(redis.call('HGET', P .. 'meta', oldest), '(%S+)$')) >= limit then break end
  drop_oldest()
end
while true do
  local oldest = redis.call('ZRANGE', P .. 'ended', 0, 0, 'WITHSCORES')
  if not oldest[1] or tonumber(oldest[2]) >= limit then break end
  drop_session(oldest[1])
end
return 1
