#include "posittune/quant/recipe_file.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/base/temporary_folder.h"

namespace posittune::quant {
namespace {

const std::string kHash = std::string(32, '0') + std::string(32, 'f');

RecipeFile made() {
  RecipeFile file{.recipe = {}, .model_sha256 = kHash};
  file.recipe.weights["w"] = {.format = formats::integer(8)};
  return file;
}

TEST(RecipeFile, CarriesTheModelsHash) {
  const std::string text = recipe_file_to_yaml(made());
  EXPECT_EQ(text.substr(0, text.find("weights")),
            "version: 1\nmodel_sha256: " + kHash + "\naccumulate: fp32\n");
  EXPECT_EQ(recipe_file_from_yaml(text, "x").value(), made());
  EXPECT_EQ(recipe_from_yaml(text, "x").value(), made().recipe);
  EXPECT_EQ(recipe_file_from_yaml(to_yaml(made().recipe), "x")->model_sha256, "");
  EXPECT_EQ(recipe_file_to_yaml(RecipeFile{made().recipe, ""}), to_yaml(made().recipe));
}

TEST(RecipeFile, ReadsJson) {
  const auto file = recipe_file_from_yaml("{\"version\": 1,\n\t\"model_sha256\": \"" + kHash +
                                              "\", \"weights\": {\"w\": {\"format\": \"int8\"}}}",
                                          "x");
  ASSERT_TRUE(file.ok()) << file.error().message();
  EXPECT_EQ(*file, made());
}

TEST(RecipeFile, RefusesWhatIsNoHash) {
  for (const std::string& hash : {std::string("''"), std::string("abc"), std::string(64, 'A'),
                                  std::string(65, 'a'), std::string("[a]"), std::string("~")}) {
    const auto file = recipe_file_from_yaml("model_sha256: " + hash, "here");
    ASSERT_FALSE(file.ok()) << hash;
    EXPECT_EQ(file.error().kind, ErrorKind::kInput);
    EXPECT_EQ(file.error().where, "here");
  }
}

TEST(RecipeFile, IsOfOneModel) {
  EXPECT_TRUE(check_model(kHash, kHash, "x").ok());
  EXPECT_TRUE(check_model("", kHash, "x").ok());
  const std::string other(64, 'a');
  const Status refused = check_model(kHash, other, "mix.yaml");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::kInput);
  EXPECT_EQ(refused.error().message(),
            "the recipe is of another model\n"
            "  where: mix.yaml\n"
            "  expected: model_sha256: " +
                other +
                ", of the model that was given\n"
                "  found: " +
                kHash +
                "\n"
                "  without its key model_sha256 it is taken for any model; names of weights and "
                "layers have to be the same");
}

TEST(RecipeFile, ReadsFiles) {
  const TemporaryFolder folder;
  write_bytes(folder.file("a.yaml"), recipe_file_to_yaml(made()));
  EXPECT_EQ(read_recipe_file(folder.file("a.yaml")).value(), made());
  EXPECT_EQ(read_recipe_file(folder.file("none")).error().kind, ErrorKind::kInput);
}

}  // namespace
}  // namespace posittune::quant
