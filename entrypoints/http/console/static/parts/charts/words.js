// What charts say of themselves.

import { know } from "../../core/words.js";

know({
  "chart.data": ["Figures as a table", "Cifras en una tabla"],
  "chart.cut": ["The first {shown} of {all} rows are shown.", "Se muestran las primeras {shown} de {all} filas."],
  "chart.label": ["Label", "Concepto"],
  "chart.value": ["Value", "Valor"],
  "chart.count": ["Count", "Cantidad"],
  "chart.share": ["Share", "Proporción"],
  "chart.from": ["From", "Desde"],
  "chart.to": ["To", "Hasta"],
  "chart.note": ["Note", "Nota"],
  "chart.kind": ["Kind", "Clase"],
  "chart.name": ["Name", "Nombre"],
  "chart.reference": ["Reference", "Referencia"],
  "chart.others": ["{count} others", "Otros {count}"],
  "chart.total": ["Total", "Total"],
  "chart.empty": ["{label}: no figures", "{label}: sin cifras"],
  "chart.between": ["{low} to {high}", "{low} a {high}"],

  "price-scale.label": [
    "Value {value}; with {level} certainty between {low} and {high}",
    "Valor {value}; con {level} de certeza entre {low} y {high}",
  ],
  "price-scale.sales": [
    "{count} prices, half of them between {low} and {high}",
    "{count} precios, la mitad entre {low} y {high}",
  ],
  "price-scale.prices": ["Sale prices", "Precios de venta"],
  "price-scale.beyond": ["{count} beyond the scale", "{count} fuera de la escala"],
  "price-scale.interval": ["{level} interval", "Intervalo de {level}"],

  "waterfall.label": [
    "From {base} to {total}; the largest effect is {name}, {effect}",
    "De {base} a {total}; el mayor efecto es {name}, {effect}",
  ],
  "waterfall.base": ["Starting point", "Punto de partida"],
  "waterfall.total": ["Value", "Valor"],
  "waterfall.effect": ["Effect", "Efecto"],
  "waterfall.so-far": ["So far", "Acumulado"],
  "waterfall.plain": ["From {base} to {total}", "De {base} a {total}"],

  "histogram.label": [
    "{label}: {count} in all, most between {low} and {high}",
    "{label}: {count} en total, la mayoría entre {low} y {high}",
  ],
  "scatter.label": ["{y} by {x}, {count} points", "{y} según {x}, {count} puntos"],
  "scatter.diagonal": ["Both alike", "Ambos iguales"],
  "lines.label": ["{y} by {x}: {series}", "{y} según {x}: {series}"],
  "lines.series": ["{name} from {first} to {last}", "{name} de {first} a {last}"],
  "bars.label": [
    "{label}: from {low} ({lowest}) to {high} ({highest})",
    "{label}: de {low} ({lowest}) a {high} ({highest})",
  ],
  "boxes.label": [
    "{label}: medians from {low} ({lowest}) to {high} ({highest})",
    "{label}: medianas de {low} ({lowest}) a {high} ({highest})",
  ],
  "boxes.low": ["Lower quartile", "Primer cuartil"],
  "boxes.middle": ["Median", "Mediana"],
  "boxes.high": ["Upper quartile", "Tercer cuartil"],
  "boxes.count": ["n = {count}", "n = {count}"],
  "paired.label": [
    "{label}: {a} and {b}, most apart in {name}",
    "{label}: {a} y {b}, con la mayor diferencia en {name}",
  ],
  "spark.label": [
    "{label}: last {last}, lowest {low}, highest {high}",
    "{label}: último {last}, mínimo {low}, máximo {high}",
  ],
});
