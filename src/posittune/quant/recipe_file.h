#pragma once

// A recipe as its file has it: with the model that it was made for. The hash is no part of the
// recipe, so that recipes are equal, and results of trials found again, whatever files they are of.

#include <string>

#include "posittune/base/result.h"
#include "posittune/quant/recipe.h"

namespace posittune::quant {

struct RecipeFile {
  Recipe recipe{};
  // Of the model (records::ModelRecord); empty: the file does not say, and the recipe is for any
  // model that has its weights and layers.
  std::string model_sha256{};

  friend bool operator==(const RecipeFile&, const RecipeFile&) = default;
};

// As to_yaml() and recipe_from_yaml() of the recipe, with the key model_sha256 where it is known.
// JSON is YAML: exporter::to_json() writes what is read here too.
std::string recipe_file_to_yaml(const RecipeFile& file);
Result<RecipeFile> recipe_file_from_yaml(const std::string& text, const std::string& where);

// Reads a file. kInput also where it cannot be read.
Result<RecipeFile> read_recipe_file(const std::string& path);

// kInput where `made_for`, a RecipeFile's model_sha256, is of another model than `sha256`; `where`
// names the recipe.
Status check_model(const std::string& made_for, const std::string& sha256,
                   const std::string& where);

}  // namespace posittune::quant
