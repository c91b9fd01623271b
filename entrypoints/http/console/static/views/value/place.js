// Where the home is: a click on the map of the sales, the coordinates, and the sector's centre as an offer.

import { fill, h } from "../../core/dom.js";
import { read, typed } from "../../core/format.js";
import { shown } from "../../core/names.js";
import { normalised } from "../../core/rules.js";
import { t } from "../../core/words.js";
import { makeMap } from "../../parts/map.js";
import { known } from "./names.js";

const AROUND = 0.006; // degrees shown around a sector's centre, where its sales are not known

/**
 * The map and its offers. `form` is told of a place that was chosen; `columns()` promises the sales, or null. Gives {panel,
 * offers, follow(name), comparables(list), highlight(index)}: `follow` is called with the name of the field that changed.
 */
export function makePlace({ market, state, signal, form, columns, onChange }) {
  const offers = h("div", { class: "offers" });
  const box = h("div", { class: "place-map" });
  const hint = h("p", { class: "text-body-secondary small mb-2" });
  const panel = h("div", { class: "panel place-panel" }, h("h2", {}, t("value.map")), hint, box);
  let map = null;
  let sold = null;

  const where = () => ["latitude", "longitude"].map((name) => read(state.typed[name] ?? ""));
  const valid = ([latitude, longitude]) => Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180;
  const pin = () => valid(where()) && map?.home(...where());

  function choose(latitude, longitude) {
    const texts = { latitude: typed(Number(latitude.toFixed(6))), longitude: typed(Number(longitude.toFixed(6))) };
    const near = !state.typed.sector?.trim() && sold && nearest(sold, latitude, longitude);
    if (near) texts.sector = shown(near);
    state.sectorGuessed = near || null;
    form.put(texts);
    pin();
    offer();
    onChange("latitude");
  }
  function offer() {
    const sector = known(market.sectors, state.typed.sector);
    const placed = valid(where());
    fill(hint, t(placed ? "value.map.move" : "value.map.pick"));
    const centre =
      sector &&
      !placed &&
      h(
        "button",
        {
          type: "button",
          class: "btn btn-sm btn-outline-secondary",
          on: { click: () => choose(sector.latitude, sector.longitude) },
        },
        t("value.centre", { sector: shown(sector.name) }),
      );
    const guessed =
      state.sectorGuessed &&
      normalised(state.typed.sector ?? "") === normalised(state.sectorGuessed) &&
      h("span", { class: "note" }, t("value.guessed", { sector: shown(state.sectorGuessed) }));
    fill(offers, centre || guessed || (!placed && h("span", { class: "note" }, t("value.map.pick"))));
  }
  const showSector = () => {
    const sector = known(market.sectors, state.typed.sector);
    if (sector) map?.fit(bounds(sector, sold));
  };
  const start = async () => {
    const made = await makeMap(box, { label: t("value.map"), onPick: choose });
    if (signal.aborted) return made.remove();
    signal.addEventListener("abort", () => made.remove());
    map = made;
    pin();
    map.fit([
      [market.bounds.south, market.bounds.west],
      [market.bounds.north, market.bounds.east],
    ]);
    sold = (await columns())?.sales ?? null;
    if (signal.aborted) return undefined;
    if (sold) map.sales(sold, { currency: market.currency });
    if (state.near) comparables(state.near);
    else if (known(market.sectors, state.typed.sector)) showSector();
    else if (sold) map.fit();
    return undefined;
  };
  function comparables(list) {
    state.near = list;
    map?.comparables(list);
    pin();
    // The map may just have become another size, of which it is told with the next frame.
    if (list.length || valid(where()))
      requestAnimationFrame(() => requestAnimationFrame(() => signal.aborted || map?.fit()));
  }
  offer();
  start();
  return {
    panel,
    offers,
    comparables,
    highlight: (index) => map?.highlight(index),
    follow(name) {
      if (name === "sector") showSector();
      if (name === "latitude" || name === "longitude") pin();
      offer();
    },
  };
}

/** The sector of the sale that is nearest, as the crow flies over a small piece of ground. */
function nearest({ latitude, longitude, sector }, north, east) {
  const narrow = Math.cos((north * Math.PI) / 180);
  let [found, least] = [null, Infinity];
  for (let index = 0; index < latitude.length; index += 1) {
    const far = (latitude[index] - north) ** 2 + ((longitude[index] - east) * narrow) ** 2;
    if (far < least) [found, least] = [sector[index], far];
  }
  return found;
}

function bounds({ name, latitude, longitude }, sold) {
  const wanted = normalised(name);
  const own = sold
    ? sold.latitude.map((_, index) => index).filter((index) => normalised(sold.sector[index]) === wanted)
    : [];
  const span = (values, centre) => {
    const sorted = values.sort((a, b) => a - b);
    return sorted.length < 3
      ? [centre - AROUND, centre + AROUND]
      : [sorted[Math.floor(sorted.length * 0.02)], sorted[Math.ceil(sorted.length * 0.98) - 1]];
  };
  const [south, north] = span(
    own.map((index) => sold.latitude[index]),
    latitude,
  );
  const [west, east] = span(
    own.map((index) => sold.longitude[index]),
    longitude,
  );
  return [
    [south, west],
    [north, east],
  ];
}
