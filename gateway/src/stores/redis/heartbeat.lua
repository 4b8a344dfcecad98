-- Keeps the roster of gateways: who has been heard of lately, on the server's clock.
--
-- KEYS  [1] the roster, a sorted set of gateways by the time of their last heartbeat. Its key stands for this format: a later
--       version that needs another one beats on a roster of its own as well, so that both count each other.
-- ARGV  [1] this gateway; [2] how long a heartbeat counts, in ms.
-- reply the number of living gateways, this one included; the time of this heartbeat in ms; the time of the last one of this
--       gateway that the roster remembers, or nil. A gateway that remembers otherwise knows that data was lost.

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local lifetime = tonumber(ARGV[2])

local before = redis.call('ZSCORE', KEYS[1], ARGV[1])
redis.call('ZADD', KEYS[1], string.format('%.0f', now), ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('(%.0f', now - lifetime))
-- Heartbeats of a time ahead were written before the server's clock was set back; their gateways will beat again.
redis.call('ZREMRANGEBYSCORE', KEYS[1], string.format('(%.0f', now), '+inf')
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return { redis.call('ZCARD', KEYS[1]), now, before and tonumber(before) }
