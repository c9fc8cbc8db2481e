// Asks Locust for the analysis every two seconds, as Locust's own page does, and draws it.
"use strict";
const EVERY_MS = 2000;
const byId = (id) => document.getElementById(id);
const dark = matchMedia("(prefers-color-scheme: dark)");
const plots = {};

function color(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function number(value) {
  if (value === null || value === undefined) return "–";
  return Math.abs(value) >= 100 || Number.isInteger(value) ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}

function percent(value) {
  return value === null || value === undefined ? "–" : `${(value * 100).toFixed(0)} %`;
}

function element(tag, text) {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}

// One plot: its series by [label, color, filled, dash], the values as columns, the seconds first, and what is filled
// between two series by [upper, lower, color].
function draw(id, series, columns, bands = []) {
  if (!plots[id]) {
    const axis = { stroke: color("soft"), grid: { stroke: color("line"), width: 1 }, ticks: { stroke: color("line") } };
    const options = {
      width: byId(id).clientWidth,
      height: 220,
      scales: { x: { time: false }, y: { range: (_, low, high) => [0, Math.max(high || 0, 1e-3) * 1.08] } },
      bands: bands.map(([upper, lower, name]) => ({ series: [upper, lower], fill: `${color(name)}55` })),
      axes: [{ ...axis, values: (_, at) => at.map((s) => `${s} s`) }, { ...axis, size: 56 }],
      series: [{ label: "s" }, ...series.map(([label, name, filled, dash]) => ({
        label, dash, stroke: color(name), width: 2, points: { show: (plot) => plot.data[0].length < 3 },
        fill: filled ? `${color(name)}55` : undefined, value: (_, value) => number(value),
      }))],
    };
    plots[id] = new uPlot(options, columns, byId(id));
  } else {
    plots[id].setData(columns);
  }
}

function forget() {
  for (const id of Object.keys(plots)) {
    plots[id].destroy();
    delete plots[id];
  }
}

function fill(id, rows) {
  byId(id).tBodies[0].replaceChildren(...rows.map((cells) => {
    const row = document.createElement("tr");
    row.append(...cells.map((cell) => element("td", cell)));
    return row;
  }));
}

function show(found) {
  const { verdict, setting, load, timeline } = found;
  byId("state").textContent = `${found.state}, ${load.users} users, ${load.seconds.toFixed(0)} s`;
  byId("verdict").dataset.code = verdict.code;
  byId("verdict").querySelector("strong").textContent = verdict.code;
  byId("text").textContent = verdict.text;
  byId("suggestion").textContent = verdict.suggestion;
  const slots = setting.slots;
  const figures = [
    ["Setting", setting.workers ? `${setting.workers} × ${setting.threads} on ${setting.vcpu} vCPU` : "–"],
    ["Busy slots", slots ? `${number(found.slots_busy)} of ${slots}` : number(found.slots_busy)],
    ["CPU of the plan", percent(found.cpu_utilization)],
    ["Memory of the workers", `${number(found.memory_mb)} MB`],
    ["Queue + wire + app, mean", found.queue_ms.mean === null
      ? `${number(found.wait_ms.mean)} + ${number(found.app_ms.mean)} ms`
      : `${number(found.queue_ms.mean)} + ${number(found.wire_ms.mean)} + ${number(found.app_ms.mean)} ms`],
    ["CPU in the app, mean", `${number(found.cpu_ms.mean)} ms`],
    ["Response p95", `${number(found.response_ms.p95)} ms`],
    ["Throughput", `${number(load.rps)} requests/s`],
    ["Generator", `${number(found.generator.cpu_percent)} % of a core`],
  ];
  byId("figures").replaceChildren(...figures.map(([name, value]) => {
    const list = document.createElement("dl");
    list.append(element("dt", name), element("dd", value));
    return list;
  }));
  fill("routes", found.routes.map((route) => [route.name, percent(route.held_share), route.requests, route.failures,
    number(route.p50_ms), number(route.p95_ms), number(route.queue_ms), number(route.app_ms),
    `${number(route.app_start_ms)} → ${number(route.app_quick_ms)}`, number(route.cpu_ms)]));
  fill("workers", found.workers.map((worker) => [worker.pid || "others", worker.requests, percent(worker.share),
    number(worker.slots_busy), percent(worker.cpu_cores), number(worker.memory_mb)]));
  const at = timeline.at;
  const sum = at.map((_, i) => (timeline.app_ms[i] === null ? null : timeline.app_ms[i] + timeline.wait_ms[i]));
  const queued = at.map((_, i) => (timeline.queue_ms[i] === null ? null : timeline.app_ms[i] + timeline.queue_ms[i]));
  draw("response", [["wait + app", "wait", false], ["queue + app", "wait", false, [6, 4]], ["app", "app", true]],
    [at, sum, queued, timeline.app_ms], [[1, 3, "wait"]]);
  draw("slots", [["busy", "app", true], ["slots", "limit", false, [6, 4]]],
    [at, timeline.slots_busy, at.map(() => slots)]);
  draw("cpu", [["CPU", "app", true], ["all", "limit", false, [6, 4]]],
    [at, timeline.cpu_utilization.map((share) => (share === null ? null : share * 100)), at.map(() => 100)]);
}

async function refresh() {
  try {
    const answer = await fetch("explain/data");
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    show(await answer.json());
  } catch (error) {
    byId("state").textContent = `Locust does not answer (${error.message})`;
  }
}

// A plot keeps its colors and its width, so it is made anew when they change.
dark.addEventListener("change", () => { forget(); refresh(); });
addEventListener("resize", () => { forget(); refresh(); });
const loop = () => refresh().finally(() => setTimeout(loop, EVERY_MS));
loop();
