// The file that is given back: the user's own columns untouched, and beside them what `tasador value` adds.

import { finding } from "../../core/findings.js";
import { message } from "../../core/messages.js";
import { fieldName } from "../../core/names.js";
import { t } from "../../core/words.js";
import { written } from "./csv.js";

const FIGURES = ["value", "value_low", "value_high", "fsd", "confidence_score"];
const COLUMNS = [...FIGURES, "status", "reason", "model_version", "valuation_id", "detail"];
const BYTE_ORDER_MARK = "\ufeff"; // by which spreadsheets know UTF-8

/** What is wrong with a row, as a sentence. */
export const told = (row) =>
  row.problems
    .map((problem) =>
      problem.field
        ? `${fieldName(problem.field)}: ${message(problem.message)}`
        : t("portfolio.ragged", { cells: problem.cells, columns: problem.columns }),
    )
    .join("; ");

/** The CSV of all rows, with the delimiter and the decimal mark that the file came with. */
export function output(file, rows, mark) {
  const own = new Set(file.header);
  const names = COLUMNS.map((name) => (own.has(name) ? `tasador_${name}` : name));
  const lines = rows.map((row) => {
    const cells = file.header.map((_, place) => row.cells[place] ?? "");
    return written([...cells, ...answered(row, mark)], file.delimiter);
  });
  return BYTE_ORDER_MARK + [written([...file.header, ...names], file.delimiter), ...lines, ""].join("\r\n");
}

/** The CSV of the rows that cannot be sent, with why. */
export function problemsOutput(file, rows) {
  const lines = rows
    .filter((row) => row.problems.length)
    .map((row) =>
      written([String(row.line), ...file.header.map((_, place) => row.cells[place] ?? ""), told(row)], file.delimiter),
    );
  return (
    BYTE_ORDER_MARK +
    [written([t("portfolio.line"), ...file.header, t("portfolio.problem")], file.delimiter), ...lines, ""].join("\r\n")
  );
}

function answered({ answer, problems, ...row }, mark) {
  if (!answer)
    return [
      ...FIGURES.map(() => ""),
      problems.length ? "refused" : "",
      problems.length ? "invalid_property" : "",
      "",
      "",
      problems.length ? told({ problems, ...row }) : "",
    ];
  const figures = FIGURES.map((name) => (answer[name] === null ? "" : String(answer[name]).replace(".", mark)));
  return [
    ...figures,
    answer.status,
    answer.reason ?? "",
    answer.model.version,
    answer.valuation_id ?? "",
    finding(answer.reason_detail),
  ];
}
