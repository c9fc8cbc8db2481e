-- What wrk knows at its end, as one line of JSON: times in ms, and how many requests failed in whichever way.
done = function(summary, latency)
  local failed = summary.errors
  io.write(string.format(
    '\n{"requests": %d, "seconds": %f, "bytes": %d, "failures": %d, "mean": %f, "p50": %f, "p95": %f, "p99": %f}\n',
    summary.requests, summary.duration / 1e6, summary.bytes,
    failed.connect + failed.read + failed.write + failed.status + failed.timeout,
    latency.mean / 1e3, latency:percentile(50) / 1e3, latency:percentile(95) / 1e3, latency:percentile(99) / 1e3))
end

-- More paths, where there are any: in turns with that of the URL.
init = function(args)
  if #args == 0 then return end
  local turn, requests = 0, {wrk.format()}
  for _, path in ipairs(args) do requests[#requests + 1] = wrk.format(nil, path) end
  request = function()
    turn = turn % #requests + 1
    return requests[turn]
  end
end
