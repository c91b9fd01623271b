// What a mark of a chart says when it is pointed at, or reached with the arrow keys.

import { fill, h, s } from "../../core/dom.js";

const NEAR = 26; // pixels: as much as a finger needs
const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

/**
 * Tips for a picture within `plot`. `over(marks)` takes the marks of what was drawn: {at: [x, y], box: [x, y, width,
 * height], lines: () => [title, ...texts]}; `at` is where the tip points to, `box` where the mark can be met.
 */
export function tips(plot, svg) {
  const tip = h("div", { class: "chart-tip", role: "status", hidden: true });
  const ring = s("rect", { class: "chart-ring", rx: 3 });
  let marks = [];
  let current = -1;
  plot.append(tip);

  function show(index) {
    current = index;
    tip.hidden = index < 0;
    if (index < 0) return ring.remove();
    const {
      at: [x, y],
      box,
      lines,
    } = marks[index];
    fill(
      tip,
      lines()
        .filter(Boolean)
        .map((line) => h("span", {}, line)),
    );
    const [width, height] = [tip.offsetWidth, tip.offsetHeight];
    const left = Math.min(Math.max(x - width / 2, 0), Math.max(svg.clientWidth - width, 0));
    tip.style.setProperty("--x", `${left}px`);
    tip.style.setProperty("--y", `${y - height - 8 < -60 ? y + 14 : y - height - 8}px`);
    for (const [name, value] of Object.entries({ x: box[0] - 2, y: box[1] - 2, width: box[2] + 4, height: box[3] + 4 }))
      ring.setAttribute(name, value);
    svg.append(ring);
  }

  function nearest(event) {
    const frame = svg.getBoundingClientRect();
    const [x, y] = [event.clientX - frame.left, event.clientY - frame.top];
    let [found, least] = [-1, NEAR ** 2];
    marks.forEach(({ at, box: [left, top, width, height] }, index) => {
      const dx = Math.max(left - x, 0, x - left - width);
      const dy = Math.max(top - y, 0, y - top - height);
      // Of marks that are met at once, the one whose middle is nearer: the last term is less than any pixel.
      const far = dx * dx + dy * dy + Math.min((at[0] - x) ** 2 + (at[1] - y) ** 2, 1e6) / 1e7;
      if (far < least) [found, least] = [index, far];
    });
    if (found !== current) show(found);
  }

  svg.addEventListener("pointermove", nearest);
  svg.addEventListener("pointerdown", nearest);
  svg.addEventListener("pointerleave", () => show(-1));
  svg.addEventListener("blur", () => show(-1));
  svg.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && current >= 0) show(-1);
    else if (event.key in STEPS && marks.length)
      show(
        current < 0
          ? STEPS[event.key] > 0
            ? 0
            : marks.length - 1
          : (current + STEPS[event.key] + marks.length) % marks.length,
      );
    else if (event.key === "Home" && marks.length) show(0);
    else if (event.key === "End" && marks.length) show(marks.length - 1);
    else return;
    event.preventDefault();
  });

  return {
    over(drawn) {
      marks = drawn;
      show(-1);
      if (marks.length) svg.setAttribute("tabindex", "0");
      else svg.removeAttribute("tabindex");
    },
  };
}
