-- Read pieces of the dialogue of a session. ARGV: session id, place of the first.
return redis.call('LRANGE', dialogue_key(ARGV[1]), ARGV[2], -1)
