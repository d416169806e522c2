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
// Options that depend on other choices are a function, and `follows` are these; where one alone is left, there is no list.
function selectFor(choice, label, options, follows = []) {
  const id = `choice-${(selects += 1)}`;
  const select = element("select", { id });
  const labelled = element("label", { for: id }, label, select);
  let listed = [];
  const show = () => {
    select.value = String(choice.value);
  };
  const fill = () => {
    listed = typeof options === "function" ? options() : options;
    select.replaceChildren(...listed.map(([value, text]) => element("option", { value: String(value) }, text)));
    labelled.hidden = listed.length < 2 && follows.length > 0;
    show();
  };
  fill();
  select.addEventListener("change", () => choice.set(listed[select.selectedIndex][0]));
  choice.onChange(show);
  for (const each of follows) each.onChange(fill);
  return labelled;
}
