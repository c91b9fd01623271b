// Which column of a file is which field of a home.

import { normalised } from "../../core/rules.js";

const ALSO_CALLED = {
  type: ["tipo", "tipo de propiedad", "property type", "kind", "building type", "bldgtype"],
  sector: ["comuna", "barrio", "neighbourhood", "neighborhood", "zona", "district"],
  net_usable_area: [
    "superficie util",
    "sup util",
    "m2 utiles",
    "area util",
    "usable area",
    "living area",
    "metros utiles",
    "superficie construida",
    "sup construida",
  ],
  net_area: [
    "superficie total",
    "sup total",
    "m2 totales",
    "area total",
    "total area",
    "metros totales",
    "superficie terreno",
    "sup terreno",
    "superficie",
  ],
  n_rooms: [
    "habitaciones",
    "dormitorios",
    "piezas",
    "rooms",
    "bedrooms",
    "n habitaciones",
    "n dormitorios",
    "recintos",
  ],
  n_bathroom: ["banos", "bathrooms", "baths", "n bathrooms", "n banos"],
  latitude: ["latitud", "lat", "y"],
  longitude: ["longitud", "lon", "lng", "long", "x"],
  client_ref: ["id", "referencia", "ref", "codigo", "reference", "rol"],
  valuation_date: ["fecha", "fecha de tasacion", "valuation date", "date"],
};

const bare = (name) =>
  normalised(name)
    .replace(/[_\W]+/g, " ")
    .trim()
    .replace(/ (m2|mt2|mts2)$/, "")
    .replace(/^(no|nro|num) (?=\w)/, "n ");

/** The fields that a column may be: [{name, required}]; the market's own, its further features, and what goes with them. */
export const wanted = (market) => [
  ...market.fields.map(({ name }) => ({ name, required: true })),
  ...[...market.features.numeric, ...market.features.categorical].map(({ name }) => ({ name, required: false })),
  { name: "client_ref", required: false },
  { name: "valuation_date", required: false },
];

/** By field, the place of the column that is called like it or likewise, or -1; a column is taken once. */
export function matched(header, market) {
  const free = new Map(header.map((name, place) => [bare(name), place]).reverse());
  const places = {};
  const take = (name, names) => {
    const found = names.find((each) => free.has(each));
    places[name] = found === undefined ? -1 : free.get(found);
    free.delete(found);
  };
  const fields = wanted(market);
  fields.forEach(({ name }) => take(name, [bare(name)]));
  fields.filter(({ name }) => places[name] < 0).forEach(({ name }) => take(name, ALSO_CALLED[name] ?? []));
  return places;
}
