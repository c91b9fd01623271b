// What the view "Value" says.

import { know } from "../../core/words.js";

know({
  "value.tab": ["Value", "Tasar"],
  "value.title": ["Value a home", "Tasar una vivienda"],
  "value.home": ["The home", "La vivienda"],
  "value.place": ["Where it is", "Dónde está"],
  "value.features": ["Further features (optional)", "Otras características (opcional)"],
  "value.order": ["The valuation (optional)", "La tasación (opcional)"],
  "value.level": ["Interval", "Intervalo"],
  "value.typical": ["An ordinary home", "Una vivienda común"],
  "value.clear": ["Clear", "Limpiar"],
  "value.submit": ["Value the home", "Tasar la vivienda"],
  "value.busy": ["Valuing…", "Tasando…"],
  "value.fewer": ["{field}: fewer", "{field}: menos"],
  "value.more": ["{field}: more", "{field}: más"],
  "value.sales.one": ["one sale", "una venta"],
  "value.sales.many": ["{count} sales", "{count} ventas"],
  "value.bad.one": ["One field cannot be used yet: {fields}.", "Hay un campo que aún no se puede usar: {fields}."],
  "value.bad.many": [
    "{count} fields cannot be used yet: {fields}.",
    "Hay {count} campos que aún no se pueden usar: {fields}.",
  ],
  "value.wait.one": [
    "Many requests at once: the service asks to wait a second. It goes on by itself.",
    "Muchas solicitudes a la vez: el servicio pide esperar un segundo. Continuará por sí solo.",
  ],
  "value.wait.many": [
    "Many requests at once: the service asks to wait {count} seconds. It goes on by itself.",
    "Muchas solicitudes a la vez: el servicio pide esperar {count} segundos. Continuará por sí solo.",
  ],
  "value.stale": [
    "The form was changed since this valuation: value the home again.",
    "El formulario cambió después de esta tasación: tase la vivienda de nuevo.",
  ],

  "value.map": ["Map of the market", "Mapa del mercado"],
  "value.map.pick": [
    "Click on the map where the home stands, or enter its coordinates.",
    "Haga clic en el mapa donde está la vivienda, o ingrese sus coordenadas.",
  ],
  "value.map.move": [
    "Drag the pin, or click elsewhere, to move the home.",
    "Arrastre el marcador, o haga clic en otro lugar, para mover la vivienda.",
  ],
  "value.map.fold": ["Choose on the map", "Elegir en el mapa"],
  "value.map.fold.sales": ["Show on the map", "Ver en el mapa"],
  "value.centre": ["Take the centre of {sector}", "Usar el centro de {sector}"],
  "value.guessed": [
    "{sector}, as the nearest sale: change the sector if it is another.",
    "{sector}, como la venta más cercana: cambie el sector si es otro.",
  ],

  "value.result": ["Value", "Valor"],
  "value.result.none": ["No value", "Sin valor"],
  "value.between": [
    "With {level} certainty it sells for {low} to {high}.",
    "Con una certeza de {level} se vende entre {low} y {high}.",
  ],
  "value.interval": ["{level} interval", "Intervalo de {level}"],
  "value.per-m2": ["{price} per m²", "{price} por m²"],
  "value.per-m2.between": ["({low} to {high})", "({low} a {high})"],
  "value.prices.sector.one": ["One sale price in {sector}", "Un precio de venta en {sector}"],
  "value.prices.sector.many": ["{count} sale prices in {sector}", "{count} precios de venta en {sector}"],
  "value.prices.all.one": ["One sale price of the whole market", "Un precio de venta de todo el mercado"],
  "value.prices.all.many": ["{count} sale prices of the whole market", "{count} precios de venta de todo el mercado"],
  "value.percentiles": ["Prices by probability", "Precios por probabilidad"],
  "value.percentiles.text": [
    "Such a share of sales is expected to stay below the price.",
    "Se espera que esta proporción de ventas quede bajo el precio.",
  ],
  "value.percentile": ["Share below", "Proporción bajo"],
  "value.print": ["Print the sheet", "Imprimir el informe"],
  "value.id": ["Valuation", "Tasación"],
  "value.id.text": ["Look it up on record", "Ver en el registro"],
  "value.model": ["Model", "Modelo"],
  "value.request": ["The same request for a terminal (curl)", "La misma solicitud para una terminal (curl)"],
  "value.request.text": [
    "Exactly what was just sent. Put your key into the variable TASADOR_KEY first.",
    "Exactamente lo que se acaba de enviar. Guarde antes su clave en la variable TASADOR_KEY.",
  ],

  "value.why": ["How the value comes about", "Cómo se forma el valor"],
  "value.why.text": [
    "What each field of the home adds to the market's starting point, or takes from it.",
    "Lo que cada campo de la vivienda suma al punto de partida del mercado, o le resta.",
  ],
  "value.what-if": ["What if?", "¿Y si fuera distinta?"],
  "value.what-if.text": [
    "Move what might be different: the figure follows.",
    "Mueva lo que podría ser distinto: el valor lo sigue.",
  ],
  "value.what-if.none": ["The home as it is.", "La vivienda tal como es."],
  "value.what-if.before": ["instead of {value}", "en vez de {value}"],
  "value.what-if.take": ["Take over into the form", "Llevar al formulario"],
  "value.what-if.reset": ["Reset", "Restablecer"],
  "value.what-if.sector": ["Another sector stands for its centre.", "Otro sector se toma en su centro."],
  "value.what-if.record": [
    "Each figure here is put on record by the service, too.",
    "El servicio también deja registro de cada uno de estos valores.",
  ],

  "value.comparables": ["Comparable sales", "Ventas comparables"],
  "value.comparables.text": [
    "The sales most like the home, numbered as on the map. Open one to see all its adjustments.",
    "Las ventas más parecidas a la vivienda, numeradas como en el mapa. Abra una para ver todos sus ajustes.",
  ],
  "value.comparables.table": ["Comparable sales with their adjustments", "Ventas comparables con sus ajustes"],
  "value.sale": ["Sale", "Venta"],
  "value.sale.number": ["Sale {number}", "Venta {number}"],
  "value.sale.title": ["Comparable {number} · {id}", "Comparable {number} · {id}"],
  "value.sale.text": [
    "Sold for {price} on {day}. The model's own value of it on that day is {own}. Adjusted to the home valued: {adjusted}.",
    "Se vendió en {price}; fecha: {day}. El modelo la tasa en {own} a esa fecha. Ajustada a la vivienda tasada: {adjusted}.",
  ],
  "value.day.unknown": ["an unknown day", "desconocida"],
  "value.distance": ["Distance", "Distancia"],
  "value.similarity": ["Similarity", "Similitud"],
  "value.adjustment": ["Adjustment", "Ajuste"],
  "value.adjustments": ["Adjustments", "Ajustes"],
  "value.adjusted": ["Adjusted price", "Precio ajustado"],
  "value.feature": ["Feature", "Característica"],
  "value.this": ["This home", "Esta vivienda"],
  "value.rooms.one": ["one room", "una habitación"],
  "value.rooms.many": ["{count} rooms", "{count} habitaciones"],
  "value.baths.one": ["one bathroom", "un baño"],
  "value.baths.many": ["{count} bathrooms", "{count} baños"],

  "value.sheet.title": ["Appraisal sheet", "Informe de tasación"],
  "value.sheet.printed": ["Printed", "Impreso"],
  "value.sheet.about": ["What this is", "Qué es este informe"],
  "value.sheet.limits": [
    "An automated estimate of the expected sale price, computed by a statistical model from recorded sales and from the figures given above. Nobody has inspected the home: its condition, title, encumbrances and anything not named here are not taken into account. It does not replace an appraisal by a professional who has visited it.",
    "Estimación automatizada del precio de venta esperado, calculada por un modelo estadístico a partir de ventas registradas y de los datos indicados arriba. Nadie ha inspeccionado la vivienda: no se consideran su estado, títulos, gravámenes ni nada que no se nombre aquí. No reemplaza la tasación de un profesional que la haya visitado.",
  ],
  "value.sheet.trained": ["Model trained", "Modelo entrenado"],
});
