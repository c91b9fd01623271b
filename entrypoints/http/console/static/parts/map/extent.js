// What part of the world a map shows at first.

const ODD = 0.005; // the share of sales on each side that may be wherever they like

const located = ({ latitude, longitude }) => Number.isFinite(latitude) && Number.isFinite(longitude);

/** Those that stand somewhere. */
export const standing = (places) => places.filter(located);

/** The bounds of all that is meant, [[south, west], [north, east]]; of the sales where that is nothing. Null for nothing at all. */
export function around(sales, meant, home) {
  const places = [...meant, ...(home ? [{ latitude: home.lat, longitude: home.lng }] : [])];
  if (!meant.length && sales.length) places.push(...corners(sales));
  if (!places.length) return null;
  const [north, east] = [places.map(({ latitude }) => latitude), places.map(({ longitude }) => longitude)];
  const [least, most] = [
    (list) => list.reduce((a, b) => Math.min(a, b)),
    (list) => list.reduce((a, b) => Math.max(a, b)),
  ];
  return [
    [least(north), least(east)],
    [most(north), most(east)],
  ];
}

/** Two corners that hold nearly all sales: a few with mistaken coordinates must not move the map into the sea. */
function corners(sales) {
  const middle = (list) => {
    const sorted = Float64Array.from(list).sort();
    const skip = Math.floor(sorted.length * ODD);
    return [sorted[skip], sorted[sorted.length - 1 - skip]];
  };
  const [south, north] = middle(sales.map(({ latitude }) => latitude));
  const [west, east] = middle(sales.map(({ longitude }) => longitude));
  return [
    { latitude: south, longitude: west },
    { latitude: north, longitude: east },
  ];
}
