// Descent in the valley of chapter 00: each direction is multiplied by 1 - eta * curvature, computed here, nothing loaded.
"use strict";

(function () {
  const STEPS = 30;
  const FLAT = 1; // curvature of the flat direction
  const CENTRE = 150; // of the picture, both ways
  const UNIT = 115; // pixels from 0 to 1
  const LEVELS = [0.02, 0.17, 0.66, 1.65, 3.3]; // heights of the lines
  const SLIDERS = [
    { name: "eta", text: "step size η", min: 0.01, max: 0.25, step: 0.01, decimals: 2 },
    { name: "steep", text: "steep curvature λ", min: 2, max: 20, step: 1, decimals: 0 },
  ];

  /** The points that descent visits from (1, 1). */
  function path(v) {
    const points = [[1, 1]];
    for (let step = 0; step < STEPS; step += 1) {
      const [flat, steep] = points[points.length - 1];
      points.push([flat * (1 - v.eta * FLAT), steep * (1 - v.eta * v.steep)]);
    }
    return points;
  }

  /** A number as it is printed: a true minus sign, fixed decimals, never "−0". */
  function print(number, decimals) {
    const text = Math.abs(number).toFixed(decimals);
    return number < 0 && Number(text) !== 0 ? "−" + text : text;
  }

  /** What a factor does to its direction, in a word. */
  function manner(factor) {
    const size = Math.abs(factor);
    if (size > 1 + 1e-9) return "diverges";
    if (size > 1 - 1e-9) return "jumps for ever";
    if (size < 1e-9) return "arrives in one step";
    return factor < 0 ? "converges from side to side" : "converges";
  }

  function verdict(v) {
    const factor = 1 - v.eta * v.steep;
    return `steep: factor ${print(factor, 2)}, ${manner(factor)}; after ${STEPS} steps the flat direction is at ` +
      print((1 - v.eta * FLAT) ** STEPS, 2);
  }

  function draw(figure, v) {
    const points = path(v).map(([flat, steep]) => [CENTRE + UNIT * flat, CENTRE - UNIT * Math.max(-9, Math.min(9, steep))]);
    const d = "M" + points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L");
    figure.querySelectorAll("[data-path]").forEach((node) => { node.setAttribute("d", d); });
    figure.querySelectorAll("[data-level]").forEach((node, i) => {
      node.setAttribute("ry", (UNIT * Math.sqrt((2 * LEVELS[i]) / v.steep)).toFixed(1));
    });
    figure.querySelector("desc").textContent = `A path of ${STEPS} steps in a valley. ${verdict(v)}.`;
    figure.querySelector(".verdict").textContent = verdict(v); // announced politely: it is a live region
  }

  /** One labelled slider; `changed` is called with its new value. */
  function slider(spec, value, changed) {
    const label = document.createElement("label");
    const text = document.createElement("span");
    const input = document.createElement("input");
    const show = () => { text.textContent = `${spec.text} = ${print(Number(input.value), spec.decimals)}`; };
    Object.assign(input, { type: "range", min: spec.min, max: spec.max, step: spec.step, name: spec.name });
    input.value = value;
    input.addEventListener("input", () => { show(); changed(Number(input.value)); });
    show();
    label.append(text, input);
    return label;
  }

  function start(figure) {
    const now = { eta: Number(figure.dataset.eta), steep: Number(figure.dataset.steep) };
    const controls = figure.querySelector(".controls");
    SLIDERS.forEach((spec) => {
      controls.append(slider(spec, now[spec.name], (value) => { now[spec.name] = value; draw(figure, now); }));
    });
    controls.hidden = false;
    draw(figure, now);
  }

  document.querySelectorAll("figure.step-size").forEach(start);
})();
