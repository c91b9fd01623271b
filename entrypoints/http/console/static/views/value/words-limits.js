// How sure a value is, what is unusual, and why there may be none.

import { know } from "../../core/words.js";

know({
  "value.confidence": ["Confidence", "Confianza"],
  "value.score": ["{score} of 100", "{score} de 100"],
  "value.fsd": [
    "About two of three such homes sell within {share} of their value.",
    "Unas dos de cada tres viviendas así se venden a no más de {share} de su valor.",
  ],
  "value.limits": ["What limits the confidence", "Qué limita la confianza"],
  "value.limits.none": ["Nothing unusual.", "Nada inusual."],
  "value.detail": ["In detail", "En detalle"],
  "value.warnings": ["In the service's own words", "En las palabras del servicio (en inglés)"],

  "value.unusual": [
    "Unusual here: 98 of 100 sales lie between {low} and {high}.",
    "Inusual aquí: 98 de cada 100 ventas están entre {low} y {high}.",
  ],
  "value.unusual.type": [
    "No known sale is of this type: the value will be less sure.",
    "Ninguna venta conocida es de este tipo: el valor será menos seguro.",
  ],
  "value.unusual.sector": [
    "No known sale is in this sector: the value will be less sure.",
    "Ninguna venta conocida es de este sector: el valor será menos seguro.",
  ],
  "value.unusual.share": ["Larger than the total area: check both.", "Mayor que la superficie total: revise ambas."],

  "value.refused": ["No value: {reason}", "Sin valor: {reason}"],
  "value.refused.why": [
    "A refused home has no figures: no number is better than a wrong one.",
    "Una vivienda rechazada no lleva cifras: ningún número es mejor que uno equivocado.",
  ],
  "value.check": ["What to check", "Qué revisar"],
  "value.refused.outside_market": [
    "The home stands far from every sale that the model knows, so it has nothing to compare it with.",
    "La vivienda está lejos de todas las ventas que el modelo conoce, y no hay con qué compararla.",
  ],
  "value.check.outside_market": [
    "Latitude and longitude: are they swapped, or is a minus sign missing? | The pin on the map: does it stand where the home is?",
    "Latitud y longitud: ¿están invertidas o falta un signo menos? | El marcador en el mapa: ¿está donde está la vivienda?",
  ],
  "value.refused.implausible_property": [
    "One of the figures lies far beyond anything that was sold here.",
    "Una de las cifras está muy lejos de todo lo que se ha vendido aquí.",
  ],
  "value.check.implausible_property": [
    "Areas: are they in m², and is the decimal mark where it belongs? | Usable and total area: are they swapped? | Rooms and bathrooms: is there a digit too many?",
    "Superficies: ¿están en m² y con la coma decimal en su lugar? | Superficie útil y total: ¿están invertidas? | Habitaciones y baños: ¿sobra un dígito?",
  ],
  "value.refused.contradictory_location": [
    "The coordinates lie far from every sale of the sector that was given.",
    "Las coordenadas están lejos de todas las ventas del sector indicado.",
  ],
  "value.check.contradictory_location": [
    "The sector: is it the right one? | The pin on the map: does it stand where the home is?",
    "El sector: ¿es el correcto? | El marcador en el mapa: ¿está donde está la vivienda?",
  ],
  "value.refused.other": [
    "The service gives no value for this home.",
    "El servicio no entrega un valor para esta vivienda.",
  ],
  "value.check.other": ["The fields of the form, one by one.", "Los campos del formulario, uno por uno."],
});
