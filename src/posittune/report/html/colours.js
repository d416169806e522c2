// Colours that people with any colour vision tell apart (Okabe and Ito), for light and for dark; and the theme.

const palettes = {
  light: ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#6b5b00", "#555555"],
  dark: ["#5ab4f0", "#f0824a", "#2fc49a", "#e3a3cb", "#f2b632", "#a9dbf7", "#e8dc55", "#b8b8b8"],
};
// Colours repeat with another symbol.
const symbols = ["circle", "square", "diamond", "triangle-up", "cross", "x", "star", "triangle-down", "circle-open", "square-open", "diamond-open", "triangle-up-open"];
const patterns = ["", "/", "x", ".", "\\", "-"];

const themes = ["system", "light", "dark"];
let theme = "system";
const systemDark = window.matchMedia("(prefers-color-scheme: dark)");

const themeName = () => (theme === "system" ? (systemDark.matches ? "dark" : "light") : theme);
function applyTheme(printed = false) {
  document.documentElement.dataset.theme = printed ? "light" : themeName();
}
applyTheme();

const variable = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const palette = () => palettes[document.documentElement.dataset.theme];

// What has a name keeps its place in the palette: formats on the whole page, names of another space there.
const spaces = new Map();
function placeOf(name, space) {
  if (!spaces.has(space)) spaces.set(space, new Map());
  const places = spaces.get(space);
  if (!places.has(name)) places.set(name, places.size);
  return places.get(name);
}
const colourOf = (name, space = "formats") => palette()[placeOf(name, space) % palette().length];
const symbolOf = (name, space = "formats") => symbols[placeOf(name, space) % symbols.length];
const patternOf = (name) => patterns[Math.floor(placeOf(name, "formats") / palettes.light.length) % patterns.length];

// Cividis grows in lightness alone, so it is read without colours too.
const heatColours = "Cividis";
