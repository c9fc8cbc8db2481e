// Draws one run: the one in the page, or the one that Locust has now, every two seconds, as Locust's own page does.
// Whatever comes from the run goes into the page as text, never as markup.
"use strict";
const EVERY_MS = 2000;
const MOST_ROUTES = 10; // that are not folded
const STARTING_S = 10; // after that a test without a request has something to tell
const byId = (id) => document.getElementById(id);
const kept = byId("run"); // a run that is in the page

function make(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

// Fill an element only with what is new, or a selection and an opened part would be lost every two seconds.
const filled = new Map();
function fill(id, value, build) {
  const key = JSON.stringify(value);
  if (filled.get(id) === key) return;
  filled.set(id, key);
  byId(id).replaceChildren(...build());
}

// A command stands between backticks. Neither a word of it nor an option goes on in the next line.
function marked(text) {
  const whole = (word) => (/\S/.test(word) ? make("span", { class: "whole" }, word) : word);
  return text.split(/(`[^`]+`|\(?--[a-z][a-z-]*[).,:;]?)/).map((part, i) => {
    if (i % 2 === 0) return part;
    return part.startsWith("`") ? make("code", {}, ...part.slice(1, -1).split(/(\s+)/).map(whole)) : whole(part);
  });
}

function write(id, text) {
  if (byId(id).textContent !== text) byId(id).textContent = text;
}

// --- copying ---

function snippet({ where, line }) {
  const code = make("code", {}, line);
  const button = make("button", { type: "button", "aria-label": WORDS.copying(WORDS.paste[where]) }, WORDS.copy);
  button.addEventListener("click", async () => {
    const done = await copy(line);
    if (!done) getSelection().selectAllChildren(code);
    button.focus();
    button.textContent = done ? WORDS.copied : WORDS.selected;
    byId("said").textContent = button.textContent;
    setTimeout(() => { button.textContent = WORDS.copy; }, 2000);
  });
  const note = WORDS.notes[where] ? [make("p", { class: "note" }, make("small", { class: "note" }, ...marked(WORDS.notes[where])))] : [];
  return make("div", {}, make("p", {}, WORDS.paste[where]), make("div", { class: "line" }, make("pre", {}, code), button), ...note);
}

// --- the verdict ---

function paragraph(text) {
  return make("p", { lang: "en" }, ...marked(text));
}

// In English the verdict's text stands above already. A line to paste says what to do, so the rest is folded.
function advice({ text, suggestion }, pasted) {
  const paragraphs = (WORDS.english ? [text, suggestion] : [suggestion]).filter(Boolean).map(paragraph);
  const title = pasted ? WORDS.full : WORDS.english;
  return title ? [make("details", {}, make("summary", {}, title), ...paragraphs)] : paragraphs;
}

// What nobody may miss who pastes a setting.
function cautions({ setting, verdict: { variables } }) {
  if (!variables.GUNICORN_WORKERS) return [];
  const processes = setting.workers === 1 && variables.GUNICORN_WORKERS > 1 ? [WORDS.processes] : [];
  return [...processes, WORDS.check(`${setting.workers} × ${setting.threads}`)];
}

// What stands there before there can be a verdict; null if there is one.
function waitingFor(run) {
  if (["ready", "missing"].includes(run.state)) return WORDS.ready;
  const { verdict: { code }, load } = run;
  const none = code === "no-data" && !load.requests && !failing(code, load) && load.seconds < STARTING_S;
  return none && ["spawning", "running"].includes(run.state) ? WORDS.starting : null;
}

function showVerdict(run) {
  const { code } = run.verdict;
  const before = waitingFor(run);
  byId("verdict").dataset.code = before ? run.state : code;
  byId("verdict").dataset.level = before ? "none" : LEVELS[code] || "bad";
  write("code", before ? "" : code);
  write("headline", before ? before[0] : failing(code, run.load) ? WORDS.failing : WORDS.headlines[code] || code);
  const text = before ? before[1] : WORDS.sentence(run);
  fill("text", text, () => marked(text));
  if (!kept) document.title = `${byId("headline").textContent} – Locust`;
  const paste = before ? [] : run.paste;
  fill("paste", paste, () => {
    if (!paste.length) return [];
    const [first, ...others] = paste;
    const elsewhere = make("details", {}, make("summary", {}, WORDS.elsewhere), ...others.map(snippet));
    return [snippet(first), ...cautions(run).map((text) => make("p", { class: "note" }, text)), ...(others.length ? [elsewhere] : [])];
  });
  fill("suggestion", before ? null : run.verdict, () => (before ? [] : advice(run.verdict, paste.length)));
  byId("before").hidden = !run.before;
  write("before", run.before ? WORDS.earlier(run.before, run) : "");
}

// --- where the time goes ---

function showParts(run) {
  const means = { delay: run.delay_ms.mean, [run.waiting]: run.queue_ms.mean, wait: run.wait_ms.mean, app: run.app_ms.mean,
    wire: run.wire_ms.mean };
  const names = run.queue_ms.mean === null ? ["wait", "app"] : [run.waiting, "app", "wire"];
  if (means.delay !== null) names.unshift("delay"); // only where requests are due, and users don't wait for answers
  const colors = { delay: "delay", [run.waiting]: "wait", wait: "wait", app: "app", wire: "wire" };
  const times = names.map((name) => Math.max(0, means[name] || 0));
  const total = times.reduce((sum, time) => sum + time, 0);
  const { code } = run.verdict;
  const takes = DOUBTFUL.includes(code) ? WORDS.doubtful : WORDS.takes;
  write("takes", (code === "stuck" ? WORDS.answered : takes)(ms(total)));
  byId("bar").hidden = !total;
  fill("bar", [names, times], () => names.map((name, i) => {
    const piece = make("span", { class: colors[name] }, ms(times[i]));
    piece.style.flexGrow = times[i] / total; // of less than 1 in all, a part of the bar would stay empty
    return piece;
  }));
  fill("parts", [names, times], () => names.map((name, i) => {
    const [title, meaning] = WORDS.parts[name];
    const share = total ? ` (${percent(times[i] / total)})` : "";
    return make("li", {}, make("span", { class: `swatch ${colors[name]}` }), make("b", {}, `${ms(times[i])} ${title}${share}`),
      make("small", {}, ...marked(meaning)));
  }));
}

// --- tables ---

function table(columns, rows) {
  const head = columns.map((title) => make("th", { scope: "col" }, title));
  const parts = (name) => [name].flat().map((part) => (part instanceof Node ? part : String(part)));
  const body = rows.map(([name, ...cells]) => make("tr", {}, make("th", { scope: "row" }, ...parts(name)),
    ...cells.map((cell) => (cell instanceof Node ? cell : make("td", {}, String(cell))))));
  return [make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...body)];
}

function held(share) {
  if (share === null) return make("td", {}, percent(share));
  const bar = make("span", {});
  bar.style.width = `${100 * share}%`;
  return make("td", {}, make("span", { class: "share", "aria-hidden": "true" }, bar), percent(share));
}

function routeName({ name }) {
  return name === "others" ? WORDS.others : name || "–";
}

// A route's name, and below it where its requests were redirected.
function routeCell(route) {
  return route.landed_on ? [routeName(route), make("small", {}, WORDS.landed(route.landed_on))] : routeName(route);
}

function routeRows(routes) {
  return routes.map((route) => [routeCell(route), held(route.held_share), route.requests,
    make("td", route.failures ? { class: "failed" } : {}, String(route.failures)),
    number(route.p50_ms), number(route.p95_ms), number(route.queue_ms), number(route.app_ms), number(route.cpu_ms)]);
}

// What the time is called that passes until the app has a request: as a row's title.
function waits(run) {
  const [title] = WORDS.parts[run.waiting];
  return title[0].toUpperCase() + title.slice(1);
}

function showRoutes(run) {
  const [first, further] = [run.routes.slice(0, MOST_ROUTES), run.routes.slice(MOST_ROUTES)];
  const columns = WORDS.routes(WORDS.parts[run.waiting][0]);
  fill("routes", [columns, first], () => table(columns, routeRows(first)));
  byId("further").closest("details").hidden = !further.length;
  fill("further", [columns, further], () => table(columns, routeRows(further)));
}

// --- the rest, folded ---

function folded(title, ...children) {
  byId("more").append(make("details", {}, make("summary", {}, title), ...children));
}

function foldedTable(id, title, ...notes) {
  folded(title, ...notes.map((note) => make("p", { class: "note" }, note)),
    make("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": title }, make("table", { id })));
}

// A table in the folded part, which is not there without rows.
function fillFolded(id, columns, rows) {
  byId(id).closest("details").hidden = !rows.length;
  fill(id, [columns, rows], () => table(columns, rows));
}

function foldRest() {
  foldedTable("further", WORDS.further);
  foldedTable("instances", WORDS.instances);
  byId("instances").parentNode.after(make("p", { id: "stay", class: "note" }));
  foldedTable("workers", WORDS.workers);
  foldedTable("times", WORDS.times);
  foldedTable("quick", WORDS.quick, WORDS.quickNote);
  folded(WORDS.load, make("dl", { id: "load" }));
}

function showRest(run) {
  const { setting, load, bounds, generator } = run;
  const several = run.instances.length > 1;
  fillFolded("instances", WORDS.instanceColumns(WORDS.parts[run.waiting][0]), several ? run.instances.map((one) => [one.instance, one.requests,
    percent(one.share), number(one.slots_busy), percent(one.cpu_cores), number(one.response_ms), number(one.queue_ms),
    one.workers]) : []);
  write("stay", WORDS.stay(run));
  const name = (worker) => (several && worker.instance ? `${worker.pid} · ${worker.instance}` : worker.pid);
  fillFolded("workers", WORDS.workerColumns, run.workers.map((worker) => [worker.pid ? name(worker) : WORDS.others,
    worker.requests, percent(worker.share), number(worker.slots_busy), percent(worker.cpu_cores), number(worker.memory_mb)]));
  const times = Object.entries(WORDS.timeNames(waits(run))).map(([field, name]) => [name, run[field]]).filter(([, told]) => told.mean !== null);
  fillFolded("times", WORDS.timeColumns, times.map(([name, told]) => [name,
    number(told.mean), number(told.p50), number(told.p95), number(told.p99)]));
  fillFolded("quick", WORDS.quickColumns, run.routes.filter((route) => route.app_start_ms !== null).map((route) => [
    routeName(route), number(route.app_start_ms), number(route.app_quick_ms)]));
  const { busySlots, cpu, memory, rate, cpuTime } = WORDS;
  const figures = [
    [WORDS.setting[0], WORDS.setting[1](setting), WORDS.setting[2](setting)],
    [busySlots[0], setting.slots ? `${number(run.slots_busy)} / ${setting.slots}` : number(run.slots_busy), busySlots[1]],
    [cpu[0], percent(run.cpu_utilization), cpu[1]],
    [memory[0], `${number(run.memory_mb)} MB`, memory[1](run.memory_growth_kb)],
    [rate[0], rate[1](load), rate[2](load)],
    ...(run.arrivals.asked_rps === null ? [] : [[WORDS.arrivals[0], WORDS.arrivals[1](run.arrivals), WORDS.arrivals[2](run.arrivals)]]),
    [WORDS.bounds[0], WORDS.bounds[1](bounds), WORDS.bounds[2]],
    [cpuTime[0], ms(run.cpu_ms.mean), cpuTime[1]],
    [WORDS.generator[0], WORDS.generator[1](generator), WORDS.generator[2](generator)],
  ];
  fill("load", figures, () => figures.map(([name, value, meaning]) => make("div", {}, make("dt", {}, name),
    make("dd", {}, value, ...(meaning ? [make("small", {}, meaning)] : [])))));
}

// --- all of it ---

let shown;
function show(run) {
  shown = run;
  const before = waitingFor(run);
  const state = WORDS.states[run.state] || run.state;
  write("state", before ? state : WORDS.state(run, state));
  showVerdict(run);
  const timed = !before && run.app_ms.mean !== null;
  const drawn = timed && run.timeline.at.length > 1;
  byId("where").hidden = !timed;
  byId("who").hidden = Boolean(before) || !run.routes.length;
  byId("more").hidden = Boolean(before) || !run.load.requests;
  byId("plots").hidden = !drawn;
  if (timed) showParts(run);
  if (drawn) drawPlots(run);
  showRoutes(run);
  showRest(run);
}

async function refresh() {
  try {
    const answer = await fetch("explain/data");
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    show(await answer.json());
  } catch (error) {
    write("state", WORDS.silent(error.message));
  }
}

document.documentElement.lang = LANGUAGE;
write("locust", WORDS.locust);
write("where-title", WORDS.where);
write("who-title", WORDS.who);
write("more-title", WORDS.more);
write("slot", WORDS.slot);
foldRest();
for (const happening of ["change", "resize"]) {
  const source = happening === "change" ? matchMedia("(prefers-color-scheme: dark)") : window;
  source.addEventListener(happening, () => { forgetPlots(); if (shown) show(shown); });
}
if (kept) {
  show(JSON.parse(kept.textContent));
} else {
  byId("links").hidden = false;
  const loop = () => (document.hidden ? Promise.resolve() : refresh()).finally(() => setTimeout(loop, EVERY_MS));
  loop();
}
