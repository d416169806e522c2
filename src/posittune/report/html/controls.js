// What is chosen on the page: a choice tells those who show it.

class Choice {
  constructor(value) {
    this.value = value;
    this.listeners = [];
  }
  set(value) {
    if (value === this.value) return;
    this.value = value;
    for (const listener of this.listeners) listener(value);
  }
  onChange(listener) {
    this.listeners.push(listener);
  }
}

let selects = 0;

// A labelled list of [value, text]. A plot that is clicked sets the same choice: whatever a pointer does, keys can do.
function selectFor(choice, label, options) {
  const id = `choice-${(selects += 1)}`;
  const select = element(
    "select",
    { id },
    options.map(([value, text]) => element("option", { value: String(value) }, text)),
  );
  const show = () => {
    select.value = String(choice.value);
  };
  show();
  select.addEventListener("change", () => choice.set(options[select.selectedIndex][0]));
  choice.onChange(show);
  return element("label", { for: id }, label, select);
}
