#include "posittune/quant/recipe_file.h"

#include "posittune/base/files.h"

namespace posittune::quant {

Result<RecipeFile> read_recipe_file(const std::string& path) {
  auto text = read_file(path);
  if (!text) return text.error();
  return recipe_file_from_yaml(*text, path);
}

Status check_model(const std::string& made_for, const std::string& sha256,
                   const std::string& where) {
  if (made_for.empty() || made_for == sha256) return success();
  return Error{.kind = ErrorKind::kInput,
               .what = "the recipe is of another model",
               .where = where,
               .expected = "model_sha256: " + sha256 + ", of the model that was given",
               .found = made_for,
               .hint =
                   "without its key model_sha256 it is taken for any model; names of weights and "
                   "layers have to be the same"};
}

}  // namespace posittune::quant
