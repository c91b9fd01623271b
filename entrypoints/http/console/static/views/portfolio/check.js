// Rows held against the API's rules, before anything is sent.

import { read } from "../../core/format.js";
import { checked } from "../../core/rules.js";
import { decimalMarkOf } from "./csv.js";
import { wanted } from "./columns.js";
import { daysOf } from "./days.js";

const ROWS_AT_ONCE = 2000;

/**
 * [{line, cells, home, problems: [{field, cell, message}]}] of a parsed file. `places`: the column of each field, or -1.
 * The page stays alive meanwhile; `signal` ends it.
 */
export async function checkedRows(file, places, market, signal) {
  const fields = wanted(market).filter(({ name }) => places[name] >= 0);
  const numbers = [...market.fields.filter(({ kind }) => kind === "number"), ...market.features.numeric]
    .map(({ name }) => places[name])
    .filter((place) => place >= 0);
  const mark = decimalMarkOf(cellsOf(file.rows, numbers));
  const reading = (text) => read(text, mark);
  const asDay = daysOf(cellsOf(file.rows, [places.valuation_date]));
  const rows = [];
  for (const row of file.rows) {
    rows.push(oneRow(row, file.header.length, fields, market, { places, reading, asDay }));
    if (rows.length % ROWS_AT_ONCE === 0) {
      await new Promise((resolve) => setTimeout(resolve));
      signal.throwIfAborted();
    }
  }
  return { rows, mark };
}

function oneRow({ line, cells }, columns, fields, market, { places, reading, asDay }) {
  if (cells.length !== columns)
    return { line, cells, home: null, problems: [{ field: "", cell: "", cells: cells.length, columns }] };
  const typed = Object.fromEntries(fields.map(({ name }) => [name, cells[places[name]]]));
  const { home, problems } = checked(
    typed.valuation_date ? { ...typed, valuation_date: asDay(typed.valuation_date) } : typed,
    market,
    reading,
  );
  return {
    line,
    cells,
    home: problems.length ? null : home,
    problems: problems.map((each) => ({ ...each, cell: typed[each.field] ?? "" })),
  };
}

function* cellsOf(rows, places) {
  for (const { cells } of rows) for (const place of places) if (cells[place]) yield cells[place];
}
