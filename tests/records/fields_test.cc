#include "posittune/records/fields.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace posittune::records {

struct Point {
  int x = 0;
  std::string name;
};
template <>
struct FieldsOf<Point> {
  static constexpr std::tuple kList{Field{"x", &Point::x}, Field{"label", &Point::name}};
};

namespace {

struct Visitor {
  std::vector<std::string>& names;
  void operator()(const char* name, int& x) const {
    names.emplace_back(name);
    x = 5;
  }
  void operator()(const char* name, std::string& text) const {
    names.emplace_back(name);
    text = "there";
  }
};

TEST(Fields, AreVisitedInTheirOrder) {
  Point point;
  std::vector<std::string> names;
  visit_fields(point, Visitor{names});
  EXPECT_EQ(names, (std::vector<std::string>{"x", "label"}));
  EXPECT_EQ(point.x, 5);
  EXPECT_EQ(point.name, "there");
}

TEST(Fields, OfAConstantAreConstant) {
  const Point point{3, "a"};
  visit_fields(point, [](const char*, auto& value) {
    static_assert(std::is_const_v<std::remove_reference_t<decltype(value)>>);
  });
  static_assert(HasFields<Point> && !HasFields<int>);
}

}  // namespace
}  // namespace posittune::records
