// Draws the points of the map on a canvas, and leads from one to its record.
"use strict";

const canvas = document.getElementById("map");
const context = canvas.getContext("2d");
const colour = document.getElementById("map-colour");
const legend = document.getElementById("map-legend");
const tip = document.getElementById("map-tip");
const COLOURS = 7; // classes of the style sheet, which knows light and dark
const AGES = [[1, "today"], [7, "this week"], [30, "this month"], [365, "this year"], [Infinity, "older"]];
let points = null;
let chosen = -1;

const ageOf = (days) => AGES.find(([most]) => days <= most)[1];
const classOf = (at) => (colour.value === "days" ? ageOf(points.days[at]) : points[colour.value][at]);
const placeOf = (at) => [
  (points.x[at] * 0.48 + 0.5) * canvas.width,
  (0.5 - points.y[at] * 0.48) * canvas.height,
];

function colours() {
  const counts = new Map();
  for (let at = 0; at < points.x.length; at++) counts.set(classOf(at), (counts.get(classOf(at)) || 0) + 1);
  const names = colour.value === "days" ? AGES.map(([, name]) => name).filter((name) => counts.has(name)) : [...counts.keys()].sort();
  const parts = names.map((name, place) => {
    const part = document.createElement("span");
    part.className = `dot c${(place % COLOURS) + 1}`;
    part.textContent = `${name} ${counts.get(name).toLocaleString("en")}`;
    return part;
  });
  legend.replaceChildren(...parts);
  return new Map(names.map((name, place) => [name, getComputedStyle(parts[place], "::before").color]));
}

function draw() {
  if (!points) return;
  const scale = window.devicePixelRatio || 1;
  canvas.width = canvas.clientWidth * scale;
  canvas.height = canvas.clientHeight * scale;
  const inks = colours();
  const size = (points.x.length > 3000 ? 1.7 : 4) * scale;
  context.globalAlpha = points.x.length > 3000 ? 0.6 : 0.85;
  for (let at = points.x.length - 1; at >= 0; at--) {
    const [x, y] = placeOf(at);
    context.fillStyle = inks.get(classOf(at));
    context.beginPath();
    context.arc(x, y, size, 0, 7);
    context.fill();
  }
  context.globalAlpha = 1;
  if (chosen >= 0) {
    const [x, y] = placeOf(chosen);
    context.strokeStyle = getComputedStyle(document.body).color;
    context.lineWidth = 2 * scale;
    context.beginPath();
    context.arc(x, y, size + 4 * scale, 0, 7);
    context.stroke();
  }
}

const addressOf = (at) => `${canvas.dataset.record}?${new URLSearchParams({ scope: points.scope[at], id: points.id[at] })}`;

// The text of a point is asked for when it stays chosen for a moment; what is private stays hidden.
let asking = 0;
function tell(at) {
  clearTimeout(asking);
  asking = setTimeout(async () => {
    const answer = await fetch(`${addressOf(at)}&format=json`).catch(() => null);
    const record = answer && answer.ok ? (await answer.json()).record : null;
    if (at !== chosen) return;
    const said = record ? record.text?.slice(0, 300) ?? `hidden: ${record.hidden.join(", ")}` : "It is gone.";
    tip.textContent = `${said} (${points.kind[at]}, ${points.scope[at]})`;
  }, 120);
}

function choose(at) {
  if (at < 0 || at === chosen) return;
  chosen = at;
  tip.textContent = "…";
  tell(at);
  draw();
}

// The point that a cost makes the best; a cost of Infinity is out of the question.
function best(cost) {
  let found = -1, least = Infinity;
  for (let at = 0; at < points.x.length; at++) {
    const price = cost(at);
    if (price < least) { least = price; found = at; }
  }
  return found;
}

function nearest(event) {
  const scale = window.devicePixelRatio || 1;
  const reach = (14 * scale) ** 2;
  return best((at) => {
    const [x, y] = placeOf(at);
    const away = (x - event.offsetX * scale) ** 2 + (y - event.offsetY * scale) ** 2;
    return away <= reach ? away : Infinity;
  });
}

function step(right, up) {
  const from = Math.max(chosen, 0);
  if (chosen < 0) return choose(0);
  choose(best((at) => {
    const x = points.x[at] - points.x[from], y = points.y[at] - points.y[from];
    const ahead = x * right + y * up, aside = Math.abs(x * up) + Math.abs(y * right);
    return at === from || ahead <= 0 ? Infinity : ahead + 2 * aside;
  }));
}

function open() {
  if (chosen < 0) return;
  location.assign(addressOf(chosen));
}

const STEPS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
canvas.addEventListener("keydown", (event) => {
  if (!points) return;
  if (STEPS[event.key]) { event.preventDefault(); step(...STEPS[event.key]); }
  else if (event.key === "Enter") open();
});
canvas.addEventListener("mousemove", (event) => points && choose(nearest(event)));
canvas.addEventListener("click", (event) => { if (points && nearest(event) >= 0) { choose(nearest(event)); open(); } });
colour.addEventListener("change", draw);
window.addEventListener("resize", draw);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);

const count = document.getElementById("map-count");
fetch(canvas.dataset.points).then((answer) => {
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  return answer.json();
}).then((given) => {
  points = given;
  count.textContent = `${points.x.length.toLocaleString("en")} records`;
  draw();
}).catch((error) => { count.textContent = `The map could not be drawn: ${error.message}. Load the page again.`; });
