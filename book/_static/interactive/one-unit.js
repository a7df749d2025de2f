// The one-unit network of chapter 01: h_t = tanh(x_t w_xh + h_{t-1} w_hh + b), computed here, nothing loaded.
"use strict";

(function () {
  const SLIDERS = [
    { name: "w_xh", text: "input weight w", sub: "xh", limit: 2 },
    { name: "w_hh", text: "state weight w", sub: "hh", limit: 2 },
    { name: "b", text: "bias b", sub: "h", limit: 2 },
    { name: "x1", text: "input x", sub: "1", limit: 3 },
    { name: "x2", text: "input x", sub: "2", limit: 3 },
    { name: "x3", text: "input x", sub: "3", limit: 3 },
  ];
  const STEP = 0.1;
  const ZERO_LINE = 50; // y of state 0 in the picture
  const UNIT = 36; // height of a bar for state 1

  /** The states h_0 ... h_3 for given weights and inputs. */
  function states(v) {
    const h = [v.h0];
    for (const x of [v.x1, v.x2, v.x3]) {
      h.push(Math.tanh(x * v.w_xh + h[h.length - 1] * v.w_hh + v.b));
    }
    return h;
  }

  /** A number as it is printed: a true minus sign, fixed decimals, never "−0". */
  function print(number, decimals) {
    const text = Math.abs(number).toFixed(decimals);
    return number < 0 && Number(text) !== 0 ? "−" + text : text;
  }

  /** What the page starts with: the worked numbers, kept in the figure itself. */
  function worked(figure) {
    const data = figure.dataset;
    const [x1, x2, x3] = data.x.split(" ").map(Number);
    return { w_xh: Number(data.wXh), w_hh: Number(data.wHh), b: Number(data.b), h0: Number(data.start), x1, x2, x3 };
  }

  function subscript(text) {
    const sub = document.createElement("sub");
    sub.textContent = text;
    return sub;
  }

  function setText(figure, name, text) {
    figure.querySelectorAll(`[data-value="${name}"]`).forEach((node) => { node.textContent = text; });
  }

  function drawBar(figure, step, h) {
    const bar = figure.querySelector(`[data-bar="${step}"]`);
    const height = Math.max(Math.abs(h) * UNIT, 0.5); // a state of 0 still shows as a line
    const y = h >= 0 ? ZERO_LINE - height : ZERO_LINE;
    for (const [name, value] of [["y", y], ["height", height]]) {
      bar.setAttribute(name, value);
      bar.style[name] = value + "px"; // as style, so that the style sheet may ease it
    }
  }

  function draw(figure, v) {
    const h = states(v);
    ["w_xh", "w_hh", "x1", "x2", "x3"].forEach((name) => setText(figure, name, print(v[name], 1)));
    for (let t = 1; t <= 3; t += 1) {
      setText(figure, "h" + t, print(h[t], 3));
      drawBar(figure, t, h[t]);
    }
    figure.querySelector("desc").textContent =
      `A chain of three boxes. The states are ${h.slice(1).map((x) => print(x, 3)).join(", ")}, drawn as bars above them.`;
    const verdict = figure.querySelector(".verdict");
    verdict.replaceChildren(); // announced politely: it is a live region
    for (let t = 1; t <= 3; t += 1) {
      verdict.append(t > 1 ? ", " : "", "h", subscript(t), " = " + print(h[t], 3));
    }
  }

  /** One labelled slider; `changed` is called with its new value. */
  function slider(spec, value, changed) {
    const label = document.createElement("label");
    const text = document.createElement("span");
    const input = document.createElement("input");
    const show = () => { text.replaceChildren(spec.text, subscript(spec.sub), " = " + print(Number(input.value), 1)); };
    Object.assign(input, { type: "range", min: -spec.limit, max: spec.limit, step: STEP, name: spec.name });
    input.value = value;
    input.addEventListener("input", () => { show(); changed(Number(input.value)); });
    show();
    label.append(text, input);
    return { label, reset(start) { input.value = start; show(); } };
  }

  function start(figure) {
    const first = worked(figure);
    const now = { ...first };
    const controls = figure.querySelector(".controls");
    const sliders = SLIDERS.map((spec) => {
      const made = slider(spec, now[spec.name], (value) => { now[spec.name] = value; draw(figure, now); });
      controls.append(made.label);
      return [spec.name, made];
    });
    const button = document.createElement("button");
    Object.assign(button, { type: "button", textContent: "Back to the worked numbers" });
    button.addEventListener("click", () => {
      Object.assign(now, first);
      sliders.forEach(([name, made]) => made.reset(first[name]));
      draw(figure, now);
    });
    controls.after(button);
    controls.hidden = false;
    draw(figure, now);
  }

  document.querySelectorAll("figure.one-unit").forEach(start);
})();
