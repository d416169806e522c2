// recipe_file_from_yaml on any text: a recipe that is written and read back unchanged, or an error.

#include "fuzz.h"
#include "posittune/quant/recipe_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace posittune;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto recipe = quant::recipe_file_from_yaml(text, "fuzz");
  if (!recipe.ok()) {
    fuzz::require(!recipe.error().message().empty(), "errors say what is wrong");
    fuzz::require(recipe.error().where.find("fuzz") == 0, "errors name the text",
                  recipe.error().message());
    return 0;
  }
  for (const auto& [name, setting] : recipe->recipe.weights) {
    const double bits = quant::stored_bits(setting, 10, 100);
    fuzz::require(bits >= 1000.0 * setting.format.bits, "every weight takes its bits", name);
  }
  const std::string written = quant::recipe_file_to_yaml(*recipe);
  const auto back = quant::recipe_file_from_yaml(written, "written");
  fuzz::require(back.ok(), "what we write can be read", written);
  fuzz::require(*back == *recipe, "what we write is the same recipe", written);
  return 0;
}
