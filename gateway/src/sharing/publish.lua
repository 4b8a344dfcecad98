-- Makes one file's text the one that all gateways of a name shall have, unless somebody else was faster.
--
-- KEYS  [1] the hash of the shared files: by path "REVISION BODY", beside them #revision, which is another one after each change and
--       no lower than any entry's, and #bytes, the length of all entries.
-- ARGV  [1] the path; [2] the revision of its entry as the caller knows it, 0 for none; [3] a revision that the new one must exceed;
--       [4] the new body; [5] how many bytes all entries may have; [6] for an entry that was lost, the revision it had, else 0.
-- reply the revision of the entry; 0 when the entry is another one by now, and -1 when there is no room: then nothing has changed.

local fields = redis.call('HMGET', KEYS[1], '#revision', '#bytes', ARGV[1])
local held = fields[3] or ''
if (tonumber(string.match(held, '^(%d+) ')) or 0) ~= tonumber(ARGV[2]) then
  return 0
end
local highest = math.max(tonumber(fields[1]) or 0, tonumber(ARGV[3]), tonumber(ARGV[6])) + 1
local revision = tonumber(ARGV[6])
if revision == 0 then
  revision = highest
end
local entry = string.format('%.0f', revision) .. ' ' .. ARGV[4]
local bytes = math.max((tonumber(fields[2]) or 0) - #held, 0) + #entry
if bytes > tonumber(ARGV[5]) then
  return -1
end
redis.call('HSET', KEYS[1], '#revision', string.format('%.0f', highest), '#bytes', bytes, ARGV[1], entry)
return revision
