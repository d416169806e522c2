#pragma once

// Recipes as JSON: the keys and words of their YAML (quant/recipe.h), and so a recipe file too.

#include <string>

#include "posittune/base/result.h"
#include "posittune/quant/recipe.h"

namespace posittune::exporter {

// A JSON document, sorted by name, with a line break at the end; `model_sha256` is left out where
// it is empty. docs/recipe.schema.json describes it. kInput for names that are no UTF-8.
Result<std::string> to_json(const quant::Recipe& recipe, const std::string& model_sha256 = {});

// Reads JSON. Stricter than recipe_from_yaml(), which reads it too: keys that come twice are
// kInput. And any length of name is read, where YAML has a limit of 1024 characters.
Result<quant::Recipe> recipe_from_json(const std::string& text, const std::string& where);

}  // namespace posittune::exporter
