// All charts. Each takes one object and returns a <figure>; its `update(object)` shows other figures in the same place.

export { bars } from "./bars.js";
export { boxes } from "./boxes.js";
export { histogram } from "./histogram.js";
export { lines } from "./lines.js";
export { mix } from "./mix.js";
export { paired } from "./paired.js";
export { priceScale } from "./price-scale.js";
export { scatter } from "./scatter.js";
export { spark } from "./spark.js";
export { waterfall } from "./waterfall.js";
