// What the pages cannot do without a script: keys, and the key that stands in the address.
"use strict";

const form = document.getElementById("enter");
const given = decodeURIComponent(location.hash.slice(1));
if (form && given) {
  history.replaceState(null, "", location.pathname);
  form.elements.key.value = given;
  form.submit();
}

// The browser's own keys stay its own, and so do those of a field.
const isFree = (event) =>
  !(event.ctrlKey || event.metaKey || event.altKey) && !event.target.closest("input, textarea, select, canvas, button");

function move(step) {
  const rows = [...document.querySelectorAll("[data-open]")];
  if (!rows.length) return;
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  const next = rows[Math.min(Math.max(at + step, 0), rows.length - 1)];
  next.tabIndex = -1;
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}

document.addEventListener("keydown", (event) => {
  if (!isFree(event)) return;
  if (event.key === "/") {
    const search = document.querySelector("[data-search]");
    if (search) { event.preventDefault(); search.focus(); search.select(); }
  } else if (event.key === "j") move(1);
  else if (event.key === "k") move(-1);
  else if (event.key === "Enter" && event.target.matches("[data-open]")) location.assign(event.target.dataset.open);
});
