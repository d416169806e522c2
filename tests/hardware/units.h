#pragma once

// Units by the names of their formats.

#include <gtest/gtest.h>

#include "posittune/hardware/unit.h"

namespace posittune::hardware {

inline Unit unit(const char* weight, const char* activation, int pipeline = 0) {
  auto made =
      unit_for(*formats::parse_format(weight), *formats::parse_format(activation), pipeline);
  EXPECT_TRUE(made.ok()) << weight << " " << activation;
  return *made;
}

}  // namespace posittune::hardware
