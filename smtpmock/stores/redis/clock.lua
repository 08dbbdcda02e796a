-- Move the shared clock forward. ARGV: token of the operation, seconds ('' to read it, 'reset' for the normal time).
-- Returns the time in seconds, and how far it was moved forward.
if ARGV[2] == 'reset' then
  redis.call('HDEL', STATE, 'ahead')
elseif ARGV[2] ~= '' and not done_before(ARGV[1]) then
  note_done(ARGV[1], 1)
  redis.call('HINCRBYFLOAT', STATE, 'ahead', ARGV[2])
end
local ahead = redis.call('HGET', STATE, 'ahead') or '0'
return {string.format('%.3f', now_ms() / 1000 + tonumber(ahead)), ahead}
