-- Asks Spigot before HAProxy passes a request on: `http-request lua.spigot`.

-- Spigot's door of kind "haproxy".
local DOOR = "http://127.0.0.1:8084/check"
-- What happens while it gives no answer: true lets requests pass unchecked.
local OPEN = false
-- A Spigot that hangs is away after this. Its answer takes well under a millisecond.
local TIMEOUT_MILLIS = 2000

-- Fields of one hop, and those in which the question says what it is about.
local NOT_ASKED = {
  ["connection"] = true, ["keep-alive"] = true, ["te"] = true, ["trailer"] = true, ["transfer-encoding"] = true,
  ["upgrade"] = true, ["expect"] = true, ["host"] = true, ["content-length"] = true, ["proxy-connection"] = true,
  ["x-original-method"] = true, ["x-original-uri"] = true, ["x-original-host"] = true, ["x-original-body"] = true,
  ["x-real-ip"] = true, ["x-forwarded-proto"] = true,
}

-- The question's fields: the client's own, and what only HAProxy knows.
local function question(txn)
  local fields = {}
  for name, values in pairs(txn.http:req_get_headers()) do
    if not NOT_ASKED[name] then
      local all = {}
      -- HAProxy counts them from zero.
      for index = 0, #values do
        if values[index] then all[#all + 1] = values[index] end
      end
      fields[name] = all
    end
  end
  fields["x-original-method"] = { txn.sf:method() }
  fields["x-original-uri"] = { txn.sf:pathq() }
  fields["x-original-host"] = { txn.sf:req_fhdr("host") }
  fields["x-real-ip"] = { txn.sf:src() }
  fields["x-forwarded-proto"] = { txn.f:ssl_fc() == 1 and "https" or "http" }
  return fields
end

-- As much of the body as HAProxy holds, and whether that is all of it.
local function body(txn)
  local held = txn.sf:req_body()
  local told = txn.f:req_body_size()
  local whole = tonumber(told) == #held and txn.sf:req_hdr("transfer-encoding") == ""
  return held, whole
end

-- What is not for the application: keys and tokens that were for Spigot, before what it says is set.
local function remove(txn, names)
  for name in (names and names[0] or ""):gmatch("[^,]+") do txn.http:req_del_header(name) end
end

local function refuse(txn, status, fields, text)
  local reply = txn:reply()
  reply:set_status(status)
  for name, values in pairs(fields) do
    if name ~= "connection" and name ~= "content-length" and name ~= "x-spigot-answer" then
      for index = 0, #values do
        if values[index] then reply:add_header(name, values[index]) end
      end
    end
  end
  reply:set_body(text)
  txn:done(reply)
end

local function spigot(txn)
  local fields = question(txn)
  local held, whole = body(txn)
  fields["x-original-body"] = { whole and "whole" or "begun" }
  local client = core.httpclient()
  local asked = { url = DOOR, headers = fields, timeout = TIMEOUT_MILLIS }
  local answer
  if #held > 0 then
    asked.body = held
    answer = client:post(asked)
  else
    answer = client:get(asked)
  end
  local status = answer and answer.status or 0
  local said = answer and answer.headers or {}
  if status == 200 and said["x-spigot-answer"] == nil then
    remove(txn, said["x-spigot-remove"])
    for name, values in pairs(said) do
      if name:sub(1, 9) == "x-spigot-" and name ~= "x-spigot-remove" then txn.http:req_set_header(name, values[0]) end
    end
    return
  end
  local answered = said["x-spigot-answer"] ~= nil or (said["content-type"] or {})[0] == "application/problem+json"
  if answered then return refuse(txn, status, said, answer.body) end
  if OPEN then return end
  local away = { ["content-type"] = { [0] = "text/plain" }, ["retry-after"] = { [0] = "5" } }
  refuse(txn, 503, away, "This cannot be checked at the moment. Please try again in a few seconds.\n")
end

core.register_action("spigot", { "http-req" }, spigot, 0)
