-- A request that comes while no instance is warm waits for one, as on App Service; 503 when the start takes too long.
local limit = tonumber(os.getenv("WEBSITES_CONTAINER_START_TIME_LIMIT"))

local function seconds()
  local now = core.now()
  return now.sec + now.usec / 1e6
end

core.register_action("wait_for_an_instance", {"http-req"}, function(txn)
  local ends = seconds() + limit
  while txn.f:nbsrv("instances") == 0 and seconds() < ends do
    core.msleep(50)
  end
end)
