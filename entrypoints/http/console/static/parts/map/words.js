// What maps say.

import { know } from "../../core/words.js";

know({
  "map.zoom-in": ["Zoom in", "Acercar"],
  "map.zoom-out": ["Zoom out", "Alejar"],
  "map.note": [
    "Map. Move it with the arrow keys, zoom with plus and minus. What it shows also stands in the tables and fields of this page.",
    "Mapa. Se mueve con las flechas y se acerca o aleja con más y menos. Lo que muestra está también en las tablas y los campos de esta página.",
  ],
  "map.note-pick": ["Enter chooses the place in the middle of the map.", "Enter elige el lugar en el centro del mapa."],
  "map.home": ["The home, at {place}", "La vivienda, en {place}"],
  "map.home-move": [
    "The home, at {place}. Move it with the arrow keys.",
    "La vivienda, en {place}. Se mueve con las flechas.",
  ],
  "map.per-m2": ["Price per m²", "Precio por m²"],
  "map.up-to": ["up to {high}", "hasta {high}"],
  "map.from": ["from {low}", "desde {low}"],
  "map.between": ["{low} – {high}", "{low} – {high}"],
  "map.each-m2": ["{price} per m²", "{price} por m²"],
  "map.failed": [
    "The map could not be loaded. Everything else works without it.",
    "No se pudo cargar el mapa. Todo lo demás funciona sin él.",
  ],
});
