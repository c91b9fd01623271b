// Watch: how the service does, what it valued, and whether its values can still be trusted.

import { fill, h } from "../../core/dom.js";
import { t } from "../../core/words.js";
import { coverage } from "./coverage.js";
import { drift } from "./drift.js";
import { record } from "./record.js";
import { service } from "./service.js";
import { valuations } from "./valuations.js";
import "./words.js";

const PARTS = { service, valuations, drift, coverage };

export const view = {
  async render(root, context) {
    const [name = "service", id] = context.path.filter(Boolean);
    const current = name === "valuation" ? "valuations" : name in PARTS ? name : "service";
    const content = h("section", { class: "watch-part", "aria-label": t(`watch.${current}`) });
    fill(root, h("h1", { class: "h3" }, t("tab.watch")), chooser(current), content);
    if (name === "valuation" && id) await record(content, context, id);
    else await PARTS[current](content, context);
  },
};

const chooser = (current) =>
  h(
    "nav",
    { class: "watch-parts", "aria-label": t("watch.parts") },
    Object.keys(PARTS).map((name) =>
      h(
        "a",
        {
          href: name === "service" ? "#/watch" : `#/watch/${name}`,
          "aria-current": name === current ? "page" : undefined,
        },
        t(`watch.${name}`),
      ),
    ),
  );
