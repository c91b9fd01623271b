// The text of GET /metrics (Prometheus' text format), read.

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)(?:\s+-?\d+)?$/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;
const ESCAPED = { "\\n": "\n", '\\"': '"', "\\\\": "\\" };

/** The samples of a page: [{name, labels, value}]. Lines that cannot be read are left out. */
export function readMetrics(text) {
  const samples = [];
  for (const line of text.split("\n")) {
    const match = line.startsWith("#") ? null : LINE.exec(line.trim());
    const value = match ? readValue(match[3]) : NaN;
    if (!Number.isNaN(value)) samples.push({ name: match[1], labels: readLabels(match[2] ?? ""), value });
  }
  return samples;
}

function readLabels(text) {
  const unescaped = (raw) => raw.replace(/\\[n"\\]/g, (each) => ESCAPED[each]);
  return Object.fromEntries([...text.matchAll(LABEL)].map(([, name, raw]) => [name, unescaped(raw)]));
}

function readValue(text) {
  if (text === "+Inf") return Infinity;
  return text === "-Inf" ? -Infinity : Number(text);
}
