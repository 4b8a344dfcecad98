-- Changes one subscription, or its slot, on Redis' clock.
--
-- KEYS  [1] the slots of an application at an API: a sorted set of "TOPIC CALLBACK", by the ms when each is free again;
--       [2] the subscribers of a topic: a hash, by "APPLICATION CALLBACK", of "ENDS SUBSCRIBER", ENDS in ms.
-- ARGV  [1] reserve, confirm, release or remove; [2] the member of the first; [3] the field of the second; [4] how many slots there
--       may be; [5] for how many ms the slot or the subscription is; [6] the subscriber; [7] how many a topic may have;
--       [8] ms after which nothing of a key can matter any more.
-- reply 1; 0 when there is no slot, or the topic is full: then nothing has changed.

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local action, member, field = ARGV[1], ARGV[2], ARGV[3]
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)

if action == 'remove' then
  redis.call('ZREM', KEYS[1], member)
  redis.call('HDEL', KEYS[2], field)
  return 1
end

local held = redis.call('HMGET', KEYS[2], field)[1]
local held_ends = held and tonumber(string.match(held, '^(%d+) ')) or 0
if action == 'release' then
  if held_ends > now then
    redis.call('ZADD', KEYS[1], string.format('%.0f', held_ends), member)
  else
    redis.call('ZREM', KEYS[1], member)
    redis.call('HDEL', KEYS[2], field)
  end
  return 1
end

-- Whether a topic has as many subscribers as it may; those whose leases have ended are forgotten then.
local function is_full()
  local most = tonumber(ARGV[7])
  if redis.call('HLEN', KEYS[2]) < most then
    return false
  end
  local all = redis.call('HGETALL', KEYS[2])
  for at = 1, #all, 2 do
    if tonumber(string.match(all[at + 1], '^(%d+) ') or 0) <= now then
      redis.call('HDEL', KEYS[2], all[at])
    end
  end
  return redis.call('HLEN', KEYS[2]) >= most
end

local taken = tonumber(redis.call('ZSCORE', KEYS[1], member) or 0)
if taken == 0 and redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[4]) then
  return 0
end
local ends = now + tonumber(ARGV[5])
if action == 'confirm' then
  if held_ends <= now and is_full() then
    return 0
  end
  redis.call('HSET', KEYS[2], field, string.format('%.0f', ends) .. ' ' .. ARGV[6])
  redis.call('PEXPIRE', KEYS[2], ARGV[8])
else
  ends = math.max(ends, taken)
end
redis.call('ZADD', KEYS[1], string.format('%.0f', ends), member)
redis.call('PEXPIRE', KEYS[1], ARGV[8])
return 1
