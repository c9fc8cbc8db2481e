// Locust's own pages have the verdict above them, in one line that leads to the page.
"use strict";
const BAR_EVERY_MS = 4000;
const COLORS = { good: "#166534", bad: "#9a3412", none: "#44403c" };

async function tell() {
  const bar = document.getElementById("explain-bar");
  try {
    const answer = await fetch("./explain/verdict");
    if (!answer.ok) return;
    const { state, code, load } = await answer.json();
    const fails = failing(code, load);
    const before = state === "ready" || (code === "no-data" && !fails && !load.requests);
    const headline = before ? WORDS.bar.before : fails ? WORDS.failing : WORDS.headlines[code] || code;
    const verdict = bar.querySelector("strong");
    if (verdict.textContent !== headline) verdict.textContent = headline;
    document.getElementById("explain-link").textContent = before ? WORDS.bar.page : WORDS.bar.more;
    bar.style.background = COLORS[before ? "none" : LEVELS[code] || "bad"];
  } catch {
    // Locust has ended; its own page says so.
  }
}

document.getElementById("explain-bar").lang = LANGUAGE;
const telling = () => (document.hidden ? Promise.resolve() : tell()).finally(() => setTimeout(telling, BAR_EVERY_MS));
telling();
