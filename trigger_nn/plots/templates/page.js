"use strict";

// A cell as [rank, key]: numbers before texts, and what is missing at the end in both directions.
function keyOf(cell) {
  const { number, text } = cell.dataset;
  if (number !== undefined) {
    const value = Number(number);
    return Number.isNaN(value) ? [2, 0] : [0, value];
  }
  const written = text ?? cell.textContent.trim();
  return written === "" ? [2, 0] : [1, written];
}

const collator = new Intl.Collator("en", { numeric: true });

function compare(one, other, direction) {
  if (one[0] === 2 || other[0] === 2) return one[0] - other[0];
  if (one[0] !== other[0]) return direction * (one[0] - other[0]);
  if (one[0] === 1) return direction * collator.compare(one[1], other[1]);
  return direction * (one[1] < other[1] ? -1 : one[1] > other[1] ? 1 : 0);
}

function sortBy(head) {
  const direction = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
  const body = head.closest("table").tBodies[0];
  const rows = Array.from(body.rows, (row) => ({ row, key: keyOf(row.cells[head.cellIndex]) }));
  rows.sort((one, other) => compare(one.key, other.key, direction));
  body.append(...rows.map(({ row }) => row));
  for (const each of head.parentElement.cells) each.setAttribute("aria-sort", "none");
  head.setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
}

for (const button of document.querySelectorAll("th button")) {
  button.addEventListener("click", () => sortBy(button.parentElement));
}
