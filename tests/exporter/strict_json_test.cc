#include "posittune/exporter/strict_json.h"

#include <gtest/gtest.h>

#include <string>

namespace posittune::exporter {
namespace {

std::string found_in(const std::string& text) {
  const auto document = parse_strict(text, "here");
  if (document) return "";
  EXPECT_EQ(document.error().kind, ErrorKind::kInput);
  EXPECT_EQ(document.error().where, "here");
  return document.error().found;
}

TEST(StrictJson, RefusesWhatIsNotClear) {
  EXPECT_EQ(found_in(R"({"a": {"b": 1}, "b": [{"a": 1}, {"a": 2}]})"), "");
  EXPECT_EQ(found_in(R"({"a": 1, "a": 2})"), "the key 'a' twice");
  EXPECT_EQ(found_in(R"([{"a": {"x": [], "x": []}}])"), "the key 'x' twice");
  EXPECT_EQ(found_in(std::string(100'000, '[')), "more than 16 levels");
  EXPECT_EQ(found_in("{\"a\": "), "none at byte 7");
  EXPECT_EQ(found_in("[1e999]"), "a number that is too large");
  EXPECT_EQ(found_in(""), "none at byte 1");
}

TEST(StrictJson, ReadsFields) {
  const auto document = parse_strict(
      R"({"n": 3, "yes": true, "word": "w", "words": ["a"], "ns": [1, 2], "o": {}, "l": [[]]})",
      "x");
  FieldReader fields(*document, "x", {"n", "yes", "word", "words", "ns", "o", "l"});
  EXPECT_EQ(fields.count("n"), 3U);
  EXPECT_TRUE(fields.flag("yes"));
  EXPECT_EQ(fields.text("word"), "w");
  EXPECT_EQ(fields.texts("words"), std::vector<std::string>{"a"});
  EXPECT_EQ(fields.counts("ns"), (std::vector<std::uint64_t>{1, 2}));
  EXPECT_TRUE(fields.object("o").empty());
  EXPECT_EQ(fields.list("l").size(), 1U);
  EXPECT_TRUE(fields.status().ok());
  EXPECT_EQ(fields.count("none"), 0U);
  EXPECT_EQ(fields.text("word"), "");  // nothing after the first error
  EXPECT_EQ(fields.status().error().where, "x, none");
}

TEST(StrictJson, RefusesOtherTypes) {
  for (const char* text : {R"({"n": -1})", R"({"n": 1.5})", R"({"n": "1"})", R"({"n": null})"}) {
    const auto document = parse_strict(text, "x");
    FieldReader fields(*document, "x", {"n"});
    EXPECT_EQ(fields.count("n"), 0U);
    EXPECT_EQ(fields.status().error().where, "x, n") << text;
  }
  const auto document = parse_strict("[]", "x");
  EXPECT_FALSE(FieldReader(*document, "x", {}).status().ok());
  const auto more = parse_strict(R"({"other": 1})", "x");
  EXPECT_EQ(FieldReader(*more, "x", {"n"}).status().error().found, "'other'");
  const auto list = parse_strict(R"({"n": [1, "a"]})", "x");
  FieldReader fields(*list, "x", {"n"});
  EXPECT_TRUE(fields.counts("n").empty());
  EXPECT_FALSE(fields.status().ok());
}

}  // namespace
}  // namespace posittune::exporter
