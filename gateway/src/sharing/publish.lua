-- Makes one file's text the one that all gateways of a name shall have, unless somebody else was faster.
--
-- KEYS  [1] the hash of the shared files: by path "REVISION BODY", beside them #revision, the highest one given, and #bytes, the
--       length of all entries.
-- ARGV  [1] the path; [2] the revision of its entry as the caller knows it, 0 for none; [3] a revision that the new one must exceed;
--       [4] the new body; [5] how many bytes all entries may have.
-- reply the new revision; 0 when the entry is another one by now, and -1 when there is no room: then nothing has changed.

local fields = redis.call('HMGET', KEYS[1], '#revision', '#bytes', ARGV[1])
local held = fields[3] or ''
if (tonumber(string.match(held, '^(%d+) ')) or 0) ~= tonumber(ARGV[2]) then
  return 0
end
local revision = math.max(tonumber(fields[1]) or 0, tonumber(ARGV[3])) + 1
local entry = string.format('%.0f', revision) .. ' ' .. ARGV[4]
local bytes = math.max((tonumber(fields[2]) or 0) - #held, 0) + #entry
if bytes > tonumber(ARGV[5]) then
  return -1
end
redis.call('HSET', KEYS[1], '#revision', string.format('%.0f', revision), '#bytes', bytes, ARGV[1], entry)
return revision
