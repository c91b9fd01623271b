// CSV as it comes out of spreadsheets (RFC 4180): commas, semicolons or tabs; UTF-8, UTF-16 or what Windows writes.

const DELIMITERS = [",", ";", "\t", "|"];
const LINES_TO_TELL_BY = 20;

/** The text of a file's bytes. */
export function decoded(bytes) {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder("utf-16be").decode(bytes);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

/** {delimiter, header: [names], rows: [{line, cells}]} of a text; empty lines are left out. An open quote ends with the text. */
export function parsed(text) {
  const delimiter = delimiterOf(text);
  const records = [...split(text, delimiter)].filter(({ cells }) => cells.length > 1 || cells[0].trim());
  const header = (records.shift()?.cells ?? []).map((name) => name.trim());
  return { delimiter, header, rows: records };
}

/** The delimiter of which the first lines have the same number, and the most. */
function delimiterOf(text) {
  const heads = DELIMITERS.map((delimiter) => {
    const counts = [];
    for (const { cells } of split(text, delimiter)) if (counts.push(cells.length) >= LINES_TO_TELL_BY) break;
    const same = counts.filter((count) => count === counts[0]).length / counts.length;
    return { delimiter, weight: (counts[0] > 1) * (same * 1000 + counts[0]) };
  });
  return heads.reduce((best, each) => (each.weight > best.weight ? each : best)).delimiter;
}

function* split(text, delimiter) {
  let [at, line] = [0, 1];
  while (at < text.length) {
    const cells = [];
    const began = line;
    for (let more = true; more;) {
      let cell = "";
      if (text[at] === '"') {
        for (let open = true; open;) {
          const end = text.indexOf('"', at + 1);
          const part = text.slice(at + 1, end < 0 ? text.length : end);
          line += part.split("\n").length - 1;
          cell += part;
          at = end < 0 ? text.length : end + 1;
          open = text[at] === '"' && end >= 0;
          if (open) cell += '"';
        }
      }
      const end = endOfCell(text, at, delimiter);
      cell += text.slice(at, end);
      cells.push(cell);
      more = text[end] === delimiter;
      at = end + 1;
      if (!more && text[end] === "\r" && text[end + 1] === "\n") at += 1;
    }
    yield { line: began, cells };
    line += 1;
  }
}

function endOfCell(text, from, delimiter) {
  let at = from;
  while (at < text.length && text[at] !== delimiter && text[at] !== "\n" && text[at] !== "\r") at += 1;
  return at;
}

/** A row of cells as a line, without its end. */
export const written = (cells, delimiter) =>
  cells
    .map((cell) =>
      /["\r\n]/.test(cell) || cell.includes(delimiter) || /^\s|\s$/.test(cell)
        ? `"${cell.replaceAll('"', '""')}"`
        : cell,
    )
    .join(delimiter);

/** Whether a file's decimals follow a comma: where numbers tell, which of both they tell more often. */
export function decimalMarkOf(cells) {
  let commas = 0;
  let points = 0;
  for (const cell of cells) {
    const text = cell.trim();
    if (/^-?\d{1,3}(\.\d{3})*,\d+$/.test(text) && !/^-?[1-9]\d{0,2},\d{3}$/.test(text)) commas += 1;
    else if (/^-?\d{1,3}(,\d{3})*\.\d+$/.test(text) && !/^-?[1-9]\d{0,2}\.\d{3}$/.test(text)) points += 1;
    else if (/^-?\d+\.\d+$/.test(text) && !/^-?[1-9]\d{0,2}\.\d{3}$/.test(text)) points += 1;
  }
  return commas > points ? "," : ".";
}
