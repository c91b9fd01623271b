// What is said of drift.

import { know } from "../../core/words.js";

know({
  "drift.lead": [
    "Are the homes that callers ask for still those that the served model learned from? Field by field, beyond what chance alone would bring.",
    "¿Las viviendas que se consultan siguen siendo como aquellas con las que se entrenó el modelo en uso? Campo por campo, más allá de lo que traería el azar.",
  ],
  "drift.days": ["Look back", "Mirar atrás"],
  "drift.default": ["As configured", "Lo configurado"],
  "drift.last_days.one": ["{count} day", "{count} día"],
  "drift.last_days.many": ["{count} days", "{count} días"],
  "drift.of": [
    "Model {version}, {from} to {until}: {valuations} valuations of {homes} different homes, held against {training} of training.",
    "Modelo {version}, del {from} al {until}: {valuations} tasaciones de {homes} viviendas distintas, frente a {training} del entrenamiento.",
  ],
  "drift.unreadable.one": [
    "One record could not be read and is left out.",
    "Un registro no se pudo leer y queda fuera.",
  ],
  "drift.unreadable.many": [
    "{count} records could not be read and are left out.",
    "{count} registros no se pudieron leer y quedan fuera.",
  ],
  "drift.changed": ["Something has changed", "Algo ha cambiado"],
  "drift.same": ["Nothing has changed", "Nada ha cambiado"],
  "drift.too_few": ["Too few homes yet", "Todavía son pocas viviendas"],
  "drift.too_few_text": [
    "Of fewer than {fewest} different homes nothing sound can be said; there are {homes} in this time. Look back farther, or come back once more homes have been valued.",
    "Con menos de {fewest} viviendas distintas no se puede afirmar nada; en este plazo hay {homes}. Mire más atrás, o vuelva cuando se hayan tasado más viviendas.",
  ],
  "drift.psi": ["Stability index by field (PSI)", "Índice de estabilidad por campo (PSI)"],
  "drift.psi_limit": ["told of from {psi}", "se avisa desde {psi}"],
  "drift.fields": ["Field by field", "Campo por campo"],
  "drift.method": [
    "A field has drifted where it differs beyond chance (all tests together give a false alarm in at most {level} of studies) and its stability index is {psi} or more.",
    "Un campo ha derivado si difiere más allá del azar (entre todas las pruebas hay una falsa alarma en a lo más {level} de los estudios) y su índice de estabilidad es {psi} o más.",
  ],
  "drift.badge_drifted": ["drifted", "con deriva"],
  "drift.badge_differs": ["differs a little", "difiere un poco"],
  "drift.badge_same": ["as in training", "como en el entrenamiento"],
  "drift.training": ["In training", "En el entrenamiento"],
  "drift.served": ["Homes valued", "Viviendas tasadas"],
  "drift.shares_of": ["Shares of the homes by {name}", "Proporción de viviendas por {name}"],
  "drift.quartiles": ["A quarter, half and three quarters lie below", "Un cuarto, la mitad y tres cuartos están bajo"],
  "drift.test": [
    "{homes} homes valued, {training} of training. {test}: {statistic}; by chance alone with probability {p} (all tests together: {corrected}).",
    "{homes} viviendas tasadas, {training} del entrenamiento. {test}: {statistic}; solo por azar, con probabilidad {p} (entre todas las pruebas: {corrected}).",
  ],
  "drift.kolmogorov_smirnov": ["Kolmogorov-Smirnov distance", "Distancia de Kolmogorov-Smirnov"],
  "drift.chi_square": ["Chi-square", "Ji cuadrado"],
  "drift.below": ["to {high}", "hasta {high}"],
  "drift.above": ["above {low}", "más de {low}"],
  "drift.never_seen": ["never seen", "nunca vista"],
  "drift.others": ["others", "otras"],
  "drift.unusual": ["What is unusual about the homes", "Qué tienen de inusual las viviendas"],
  "drift.what": ["What", "Qué"],
  "drift.now": ["Homes valued", "Viviendas tasadas"],
  "drift.before": ["Training", "Entrenamiento"],
  "drift.verdict": ["Verdict", "Veredicto"],
  "drift.more": ["more than before", "más que antes"],
  "drift.not_more": ["no more than chance brings", "no más de lo que trae el azar"],
  "drift.which": ["Most often", "Lo más frecuente"],
  "share.unseen": ["{field}: never seen by the model", "{field}: nunca vistos por el modelo"],
  "share.missing": ["{field}: not given", "{field}: sin dato"],
  "share.refused": ["Refused", "Rechazadas"],
  "share.out_of_domain": ["Unlike what the model knows", "Distintas de lo que el modelo conoce"],
});
