// The three plots over the run. Their legends are text beside them, with the figures of the last second, or of the one
// under the pointer.
"use strict";
const plots = {};

function color(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

// A legend's line for each series that is named, and the limit's.
function legend(list, spec, columns, index) {
  const at = columns[0];
  const i = index === null || index === undefined ? at.length - 1 : index;
  const items = spec.told.map(([label, name, value]) => {
    const item = document.createElement("li");
    const swatch = document.createElement("span");
    swatch.className = `swatch ${name}`;
    item.append(swatch, `${label} ${value(i)}`);
    return item;
  });
  const when = document.createElement("li");
  when.textContent = i === at.length - 1 ? WORDS.plots.last : WORDS.plots.at(at[i]);
  const limit = [];
  if (spec.limit) {
    const item = document.createElement("li");
    const swatch = document.createElement("span");
    swatch.className = "swatch limit";
    item.append(swatch, spec.limit[1]);
    limit.push(item);
  }
  list.replaceChildren(when, ...items, ...limit);
}

// The limit's name stands above its line, on the card's color, as a figure beyond the limit has its own color there.
function nameLimit(plot, spec) {
  if (!spec.limit) return;
  const { ctx, bbox } = plot;
  const [value, name] = spec.limit;
  const px = devicePixelRatio;
  const [right, bottom] = [bbox.left + bbox.width - 4 * px, plot.valToPos(value, "y", true) - 3 * px];
  ctx.save();
  ctx.font = `600 ${12 * px}px system-ui, sans-serif`;
  const { width } = ctx.measureText(name);
  ctx.fillStyle = color("card");
  ctx.fillRect(right - width - 2 * px, bottom - 13 * px, width + 4 * px, 13 * px);
  ctx.fillStyle = color("limit");
  ctx.textAlign = "right";
  ctx.textBaseline = "bottom";
  ctx.fillText(name, right, bottom);
  ctx.restore();
}

// The width of the y axis, in px: its longest figure must not be cut off.
function roomFor(_, figures) {
  return Math.max(52, ...(figures || []).map((figure) => 18 + 8 * figure.length));
}

// Draw one plot anew, or give it new data.
// spec: title; lines as [color, dashed]; bands as [upper, lower, color]; told as [label, color, value of an index];
// limit as [value, name] or null; top, the least that the y axis reaches to; most, beyond which it has no figures.
function plot(id, spec, columns) {
  const box = document.getElementById(id);
  const figure = box.parentElement;
  figure.querySelector("figcaption").textContent = spec.title;
  const list = figure.querySelector(".legend");
  const last = columns[0].length - 1;
  box.setAttribute("aria-label", WORDS.plots.over(spec.title, spec.told.map(([label, , value]) => `${label} ${value(last)}`).join(", ")));
  const made = plots[id];
  if (made) {
    made.spec = spec;
    made.columns = columns;
    made.setData(columns);
    legend(list, spec, columns, made.cursor.idx);
    return;
  }
  const axis = { stroke: color("soft"), grid: { stroke: color("line"), width: 1 }, ticks: { stroke: color("line"), size: 4 } };
  const options = {
    width: box.clientWidth,
    height: box.clientHeight,
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, y: false },
    scales: { x: { time: false }, y: { range: (self, _, high) => [0, Math.max(high || 0, self.spec ? self.spec.top : spec.top) * 1.15] } },
    bands: spec.bands.map(([upper, lower, name]) => ({ series: [upper, lower], fill: `${color(name)}66` })),
    axes: [
      { ...axis, size: 28, values: (_, at) => at.map((second) => `${second} s`) },
      { ...axis, size: roomFor, values: (self, at) => at.map((value) => ((self.spec || spec).most < value ? "" : number(value))) },
    ],
    series: [{}, ...spec.lines.map(([name, dashed], i) => ({
      stroke: color(name), width: 2, dash: dashed ? [6, 4] : undefined,
      points: { show: (self) => self.data[0].length < 3 },
      fill: i === spec.lines.length - 1 - (spec.limit ? 1 : 0) ? `${color(name)}66` : undefined,
    }))],
    hooks: {
      draw: [(self) => nameLimit(self, self.spec || spec)],
      setCursor: [(self) => legend(list, self.spec || spec, self.columns || columns, self.cursor.idx)],
    },
  };
  plots[id] = new uPlot(options, columns, box);
  plots[id].spec = spec;
  plots[id].columns = columns;
  legend(list, spec, columns, null);
}

// A plot keeps its colors, its series and its width, so it is made anew when they change.
function forgetPlots() {
  for (const id of Object.keys(plots)) {
    plots[id].destroy();
    delete plots[id];
  }
}

let split;
function drawPlots(run) {
  const { at, delay_ms: delays, wait_ms: waits, queue_ms: queues, app_ms: apps, slots_busy: busy, cpu_utilization: cpu } = run.timeline;
  const { slots } = run.setting;
  const [known, late] = [queues, delays].map((times) => times.some((value) => value !== null));
  const drawn = [known, late, Boolean(slots)].join();
  if (split !== undefined && split !== drawn) forgetPlots();
  split = drawn;
  const rest = at.map((_, i) => (waits[i] === null || queues[i] === null ? null : Math.max(0, waits[i] - queues[i])));
  const times = { delay: delays, [run.waiting]: queues, wait: waits, app: apps, wire: rest };
  // From the app's time at the bottom upwards; each line is that of the sum of all below it.
  const layers = [["app", "app"], ...(known ? [[run.waiting, "wait"], ["wire", "wire"]] : [["wait", "wait"]]), ...(late ? [["delay", "delay"]] : [])];
  const sums = [];
  for (const [name] of layers) {
    const below = sums.at(-1);
    sums.push(at.map((_, i) => {
      const [more, sum] = [times[name][i], below ? below[i] : 0];
      return more === null || sum === null ? null : sum + more;
    }));
  }
  const inOrder = ["delay", run.waiting, "wait", "app", "wire"].flatMap((name) => layers.filter(([layer]) => layer === name));
  plot("response", { title: WORDS.plots.response, limit: null, top: 1, most: Infinity,
    lines: layers.map(([, name]) => [name]).reverse(),
    bands: layers.slice(1).map(([, name], i) => [layers.length - 1 - i, layers.length - i, name]),
    told: inOrder.map(([name, swatch]) => [WORDS.parts[name][2], swatch, (i) => ms(times[name][i])]) },
  [at, ...sums.reverse()]);
  const limit = slots ? [slots, WORDS.plots.limit.slots(slots)] : null;
  plot("slots", { title: WORDS.plots.slots, limit, top: slots || 1, most: Infinity, bands: [],
    lines: [["app"], ...(slots ? [["limit", true]] : [])], told: [[WORDS.plots.busy, "app", (i) => number(busy[i])]] },
  [at, busy, ...(slots ? [at.map(() => slots)] : [])]);
  const used = cpu.map((share) => (share === null ? null : share * 100));
  plot("cpu", { title: WORDS.plots.cpu, limit: [100, WORDS.plots.limit.cpu()], top: 100, most: 100, bands: [],
    lines: [["app"], ["limit", true]], told: [[WORDS.plots.used, "app", (i) => percent(cpu[i])]] },
  [at, used, at.map(() => 100)]);
}
