// What is said of two versions beside each other.

import { know } from "../../core/words.js";

know({
  "model.compare.title": ["{one} and {other} beside each other", "{one} y {other}, lado a lado"],
  "model.compare.same": [
    "This is the same version twice: choose another one.",
    "Es la misma versión dos veces: elija otra.",
  ],
  "model.compare.judged": [
    "{scheme} holdout: learned from {train} sales of {source}, judged by {test}.",
    "Validación {scheme}: aprendió de {train} ventas de {source}, juzgada con {test}.",
  ],
  "model.compare.figures": ["Figures", "Cifras"],
  "model.compare.how": [
    "Ratios, PRD and MKI are best at 1, PRB and VEI at 0, and coverage at what was promised; of errors and widths less is better. A small difference may be chance: mind the intervals.",
    "La razón mediana, el PRD y el MKI son mejores cerca de 1; el PRB y el VEI, cerca de 0; la cobertura, cerca de lo prometido; en errores y anchos, menos es mejor. Una diferencia pequeña puede ser azar: considere los intervalos.",
  ],
  "model.compare.difference": ["Difference", "Diferencia"],
  "model.compare.which": ["Better", "Mejor"],
  "model.compare.better": ["{version}", "{version}"],
  "model.compare.alike": ["alike", "iguales"],
  "model.compare.gate": ["How {version} was held against {against}", "Cómo se contrastó {version} con {against}"],
  "model.compare.charts": ["Charts", "Gráficos"],
  "model.compare.ratios": [
    "Narrow and around 1 is better. Ratios beyond the ends are counted at the ends.",
    "Mejor cuanto más angosta y cerca de 1. Las razones más extremas se cuentan en los bordes.",
  ],
  "model.compare.sectors": ["Typical error by sector", "Error típico por sector"],
  "model.compare.sectors.text": [
    "MdAPE of sectors with enough sales; shorter is better.",
    "MdAPE de los sectores con ventas suficientes; más corto es mejor.",
  ],
  "model.compare.index": [
    "The whole market; 100 on each version's own reference day.",
    "Todo el mercado; 100 en el día de referencia de cada versión.",
  ],
  "model.of": ["{chart}: {version}", "{chart}: {version}"],
  "model.alike": [
    "Both were judged by the same {sales}, so their figures can be held against each other.",
    "Ambas se juzgaron con las mismas {sales}: sus cifras se pueden contrastar.",
  ],
  "model.differs": [
    "They were not judged by the same sales. Part of each difference may come from that, and not from the models:",
    "No se juzgaron con las mismas ventas. Parte de cada diferencia puede venir de eso y no de los modelos:",
  ],
  "model.differs.given": ["the holdout that was given differs", "la muestra de validación entregada es distinta"],
  "model.differs.sales": [
    "the sales differ: {one} and {other} have different digests",
    "las ventas son distintas: {one} y {other} no tienen la misma huella digital",
  ],
  "model.differs.last": ["the last sale is of {one} and of {other}", "la última venta es del {one} y del {other}"],
  "model.differs.scheme": [
    "the holdout was set apart in different ways: {one} and {other}",
    "la validación se separó de distinto modo: {one} y {other}",
  ],
  "model.differs.share": ["{one} and {other} of the sales were set apart", "se separó {one} y {other} de las ventas"],
  "model.differs.seed": [
    "they were drawn with different seeds: {one} and {other}",
    "se sortearon con semillas distintas: {one} y {other}",
  ],
  "model.differs.count": [
    "they were judged by {one} and by {other} sales",
    "se juzgaron con {one} y con {other} ventas",
  ],
  "model.scheme.temporal": ["temporal", "temporal"],
  "model.scheme.random": ["random", "aleatoria"],
  "model.scheme.spatial": ["spatial", "espacial"],
  "model.scheme.given": ["given", "entregada"],
});
