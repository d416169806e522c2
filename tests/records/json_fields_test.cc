#include "posittune/records/json_fields.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace posittune::records {

struct Inner {
  double x = 0;
  bool operator==(const Inner&) const = default;
};
template <>
struct FieldsOf<Inner> {
  static constexpr std::tuple kList{Field{"x", &Inner::x}};
};
struct Outer {
  std::string name;
  std::uint64_t count = 0;
  std::vector<Inner> list;
  std::map<std::string, Inner> named;
  bool operator==(const Outer&) const = default;
};
template <>
struct FieldsOf<Outer> {
  static constexpr std::tuple kList{Field{"name", &Outer::name}, Field{"count", &Outer::count},
                                    Field{"list", &Outer::list}, Field{"named", &Outer::named}};
};

namespace {

using nlohmann::json;

Outer some() { return {"a", 3, {{0.5}, {std::numeric_limits<double>::infinity()}}, {{"k", {-1}}}}; }
constexpr const char* kText =
    R"({"name":"a","count":3,"list":[{"x":0.5},{"x":"Infinity"}],"named":{"k":{"x":-1.0}}})";

Result<Outer> outer(const json& from) {
  return guarded([&] { return read<Outer>(Place(from, "")); });
}

TEST(JsonNumbers, WhatJsonHasNoNumberFor) {
  EXPECT_EQ(number_to_json(std::numeric_limits<double>::infinity()), "Infinity");
  EXPECT_EQ(number_to_json(-std::numeric_limits<double>::infinity()), "-Infinity");
  EXPECT_EQ(number_to_json(std::nan("")), "NaN");
  EXPECT_EQ(number_from_json("Infinity"), std::numeric_limits<double>::infinity());
  EXPECT_EQ(number_from_json("-Infinity"), -std::numeric_limits<double>::infinity());
  ASSERT_TRUE(number_from_json("NaN").has_value());
  EXPECT_TRUE(std::isnan(*number_from_json("NaN")));
}

TEST(JsonNumbers, ReadsNumbersOnly) {
  EXPECT_EQ(number_from_json(3), 3.0);
  EXPECT_EQ(number_from_json(-0.5), -0.5);
  for (const char* text : {"null", "true", "\"1\"", "\"nan\"", "[]", "{}"}) {
    EXPECT_FALSE(number_from_json(nlohmann::json::parse(text)).has_value()) << text;
  }
}

TEST(JsonNumbers, ReadBackAsTheSameDouble) {
  std::mt19937_64 random(1);
  std::lognormal_distribution<double> numbers(0, 50);
  for (int i = 0; i < 10'000; ++i) {
    const double x = numbers(random);
    ASSERT_EQ(number_from_json(json::parse(number_to_json(x).dump())), x);
  }
}

TEST(JsonFields, BothWays) {
  EXPECT_EQ(json_value(some()).dump(), kText);
  const auto back = outer(json::parse(kText));
  ASSERT_TRUE(back.ok()) << back.error().message();
  EXPECT_EQ(*back, some());
}

TEST(JsonFields, WhatIsWrongIsNamedByItsPointer) {
  const auto where = [](const char* pointer, const json& value) {
    json document = json::parse(kText);
    document[json::json_pointer(pointer)] = value;
    const auto read = outer(document);
    return read.ok() ? "nothing" : read.error().where + " is no " + read.error().expected;
  };
  EXPECT_EQ(where("/name", 1), "/name is no a string");
  EXPECT_EQ(where("/count", -1), "/count is no a count");
  EXPECT_EQ(where("/count", 1.5), "/count is no a count");
  EXPECT_EQ(where("/list", "x"), "/list is no an array");
  EXPECT_EQ(where("/list/1/x", nullptr),
            "/list/1/x is no a number, \"Infinity\", \"-Infinity\" or \"NaN\"");
  EXPECT_EQ(where("/named", json::array()), "/named is no an object");
  EXPECT_EQ(where("/named/k", 5), "/named/k is no an object");
  EXPECT_EQ(where("/later", 5), "nothing");
  EXPECT_EQ(outer(json(5)).error().where, "/");
}

TEST(JsonFields, WhatIsMissingIsNamed) {
  json document = json::parse(kText);
  document["list"][0].erase("x");
  const auto read = outer(document);
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().what, "a field is missing");
  EXPECT_EQ(read.error().where, "/list/0/x");
}

TEST(Place, SingleValues) {
  const json document = {{"flag", true}, {"number", "NaN"}};
  const Place place(document, "/at");
  EXPECT_TRUE(place.has("flag"));
  EXPECT_FALSE(place.has("other"));
  EXPECT_TRUE(place["flag"].flag());
  EXPECT_TRUE(std::isnan(place["number"].number()));
  const auto refused = guarded([&] { return place["flag"].number(); });
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().where, "/at/flag");
  EXPECT_EQ(refused.error().found, "boolean");
}

TEST(DocumentText, EndsInANewlineAndIsUtf8) {
  EXPECT_EQ(document_text({{"a", 1}}), "{\n  \"a\": 1\n}\n");
  EXPECT_EQ(document_text("\xff"), "\"\xef\xbf\xbd\"\n");
}

}  // namespace
}  // namespace posittune::records
