#include "posittune/records/details.h"

#include <gtest/gtest.h>

#include <limits>

#include "posittune/records/details_fields.h"
#include "tests/records/examples.h"

namespace posittune::records {
namespace {

TEST(Details, ComeBackFromJson) {
  const Details details = small_details();
  const auto back = details_from(json_text(details));
  ASSERT_TRUE(back.ok()) << back.error().message();
  EXPECT_EQ(*back, details);
}

TEST(Details, NumbersThatAreNone) {
  Details details = small_details();
  details.rows[0].item_losses = {std::numeric_limits<double>::infinity()};
  const auto back = details_from(json_text(details));
  ASSERT_TRUE(back.ok()) << back.error().message();
  EXPECT_EQ(*back, details);
}

TEST(Details, WhatIsNotOurs) {
  for (const char* text : {"", "[]", "{", "{\"layers\": 3}"}) {
    const auto read = details_from(text);
    ASSERT_FALSE(read.ok()) << text;
    EXPECT_EQ(read.error().kind, ErrorKind::kInput) << text;
  }
}

}  // namespace
}  // namespace posittune::records
