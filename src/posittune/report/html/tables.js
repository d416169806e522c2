// Tables. A column is {title, text(row), number}.

function table(columns, rows, { chosen, onChoose } = {}) {
  const cell = (tag, column, text) => element(tag, column.number ? { class: "number" } : {}, text);
  const head = element("tr", {}, columns.map((column) => cell("th", column, column.title)));
  const body = rows.map((row, i) => {
    const line = element("tr", chosen?.(row, i) ? { class: "chosen" } : {}, columns.map((column) => cell("td", column, column.text(row))));
    if (onChoose) {
      const choose = () => onChoose(row, i);
      line.tabIndex = 0;
      line.addEventListener("click", choose);
      line.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        choose();
      });
    }
    return line;
  });
  return element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "table" }, element("table", {}, element("thead", {}, head), element("tbody", {}, body)));
}

const textColumn = (title, text) => ({ title, text });
const numberColumn = (title, text) => ({ title, text, number: true });

// A table under a figure, made when it is opened.
function tableBelow(make) {
  const details = element("details", { class: "data" }, element("summary", {}, "The numbers as a table"));
  details.addEventListener("toggle", () => {
    if (details.open) details.replaceChildren(details.firstChild, make());
  });
  return details;
}
