// What the gates want to know of an open page; tests/browser/visit.py runs this in the page.
() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const shown = (element) => element.outerHTML.replace(/\s+/g, " ").slice(0, 160);
  const words = (element) => element.textContent.replace(/\s+/g, " ").trim();
  const labelled = (element) => (element.getAttribute("aria-labelledby") ?? "").split(/\s+/).filter(Boolean)
    .map((id) => document.getElementById(id)).filter(Boolean).map(words).join(" ");
  const name = (picture) => labelled(picture) || picture.getAttribute("aria-label") || picture.getAttribute("alt")
    || words(picture.querySelector(":scope > title") ?? document.createElement("i"));
  const hidden = (element) => element.closest("[aria-hidden=true]") !== null
    || ["presentation", "none"].includes(element.getAttribute("role"));
  // An icon inside a button is part of the button, and the button's name is another matter.
  const pictures = [...all("img, [role=img]"), ...all("svg:not([role=img])").filter((svg) => !svg.closest("button"))];

  // TeX that nobody set: not inside code, nor in what is set.
  const leftovers = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const { data, parentElement } = texts.currentNode;
    const found = /\$[^$]+\$|\\[([]|\\[a-zA-Z]{2,}/.exec(data);
    if (found && !parentElement.closest("pre, code, .math, mjx-container, script, style, template")) leftovers.push(found[0]);
  }

  const section = (element) => {
    const copy = element.cloneNode(true);
    copy.querySelectorAll("mjx-container, script, style").forEach((part) => part.remove());
    return words(copy);
  };
  const heading = (element) => words(element).replace(/#$/, "").trim();
  const ids = all("[id]").map((element) => element.id);
  return {
    theme: document.documentElement.dataset.theme ?? "",
    hidden_colour: getComputedStyle(document.documentElement).getPropertyValue("--course-hidden").trim(),
    scroll_width: document.documentElement.scrollWidth,
    inner_width: window.innerWidth,
    formulas: all(".math").length,
    unset_formulas: [...all(".math").filter((math) => !math.querySelector("mjx-container")).map(words), ...leftovers],
    formula_errors: [...all("mjx-merror").map((error) => error.dataset.mjxError),
                     ...all("mjx-container mtext[mathcolor=red]").map((unknown) => `unknown: ${words(unknown)}`)],
    pictures: pictures.map((picture) => [name(picture) ?? "", hidden(picture), shown(picture)]),
    headings: all("h1, h2, h3, h4, h5, h6").filter((element) => element.checkVisibility())
      .map((element) => [Number(element.tagName[1]), heading(element)]),
    doubled_ids: [...new Set(ids.filter((id, place) => ids.indexOf(id) !== place))],
    links: [...new Set(all("a[href]").map((a) => a.href.baseVal ?? a.getAttribute("href"))
      .map((address) => new URL(address, document.baseURI).href))],
    equations: all(".math[id^=equation-]").filter((math) => math.querySelector(".eqno"))
      .map((math) => [/\(([\d.]+)\)/.exec(words(math.querySelector(".eqno")))?.[1] ?? "", math.id]),
    equation_links: all("a[href*='#equation-']").filter((a) => !a.closest(".eqno"))
      .map((a) => [words(a), a.hash.slice(1)]),
    sections: Object.fromEntries(all("section").map((part) => [heading(part.querySelector("h1, h2, h3, h4, h5, h6")), section(part)])),
  };
}
