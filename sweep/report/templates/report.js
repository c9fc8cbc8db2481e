(() => {
  "use strict";
  const PRINTED = 660; // px, what fits on a page of A4 or letter
  const NARROW = 400; // px, a chart on a phone
  const charts = [...document.querySelectorAll("script[data-chart]")].map((script) => ({
    element: document.getElementById(script.dataset.chart),
    figure: script.textContent,
  }));

  // The figures name colours as the style sheet does.
  function resolved(text) {
    const style = getComputedStyle(document.documentElement);
    return JSON.parse(text, (key, value) => {
      const name = typeof value === "string" && /^var\((--[a-z-]+)\)$/.exec(value);
      return name ? style.getPropertyValue(name[1]).trim() : value;
    });
  }

  // A heatmap's figures have to fit into its cells on a phone too.
  function smaller(data) {
    for (const trace of data) if (trace.textfont) trace.textfont.size = Math.round(0.8 * trace.textfont.size);
  }

  function draw(width) {
    for (const { element, figure } of charts) {
      const { data, layout } = resolved(figure);
      if (element.clientWidth < NARROW) smaller(data);
      if (width) Object.assign(layout, { width, autosize: false });
      Plotly.react(element, data, layout, { displayModeBar: false, responsive: true, showTips: false });
    }
  }

  draw();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => draw());
  addEventListener("beforeprint", () => {
    document.documentElement.classList.add("printing");
    draw(PRINTED);
  });
  addEventListener("afterprint", () => {
    document.documentElement.classList.remove("printing");
    draw();
  });

  for (const button of document.querySelectorAll("button.copy")) {
    button.addEventListener("click", async () => {
      const code = button.closest(".snippet").querySelector("code");
      const done = await copy(code.textContent);
      if (!done) getSelection().selectAllChildren(code);
      button.textContent = done ? "Copied" : "Selected";
      document.getElementById("said").textContent = button.textContent;
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
      button.focus();
    });
  }
})();
