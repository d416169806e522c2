// posittune/session.h alone opens a model, runs jobs on it, and writes their results.

#include "posittune/session.h"

#include <gtest/gtest.h>

namespace posittune {
namespace {

TEST(SessionHeader, AModelThatIsNotThere) {
  session::Observer observer;
  const auto opened = session::Session::open({.model = "none.onnx"}, {}, observer);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().kind, ErrorKind::kInput);
}

TEST(SessionHeader, OptionsOfEachJob) {
  EXPECT_TRUE(session::check(session::CompareOptions{.formats = {"int8"}}).ok());
  session::SensitivityOptions sensitivity;
  sensitivity.formats = {"int8"};
  EXPECT_TRUE(session::check(sensitivity).ok());
  session::SearchOptions search;
  search.formats = {"int8"};
  EXPECT_EQ(session::check(search).error().kind, ErrorKind::kUsage);  // for what?
}

TEST(SessionHeader, RecipesAndResultsAsText) {
  const quant::Recipe recipe;
  EXPECT_EQ(quant::recipe_from_yaml(quant::to_yaml(recipe), "here").value(), recipe);
  const records::Comparison none;
  EXPECT_EQ(records::json_text(none).front(), '{');
  EXPECT_EQ(records::csv_text(none).substr(0, 7), "format,");
}

}  // namespace
}  // namespace posittune
