#include "posittune/data/data_spec.h"

#include <gtest/gtest.h>

namespace posittune::data {
namespace {

TEST(DataSpec, KindsByName) {
  for (std::size_t i = 0; i < static_cast<std::size_t>(DataKind::kCount); ++i) {
    const auto kind = static_cast<DataKind>(i);
    EXPECT_EQ(data_kind(name(kind)), kind) << name(kind);
  }
  EXPECT_EQ(name(DataKind::kNpz), "npz");
  EXPECT_EQ(name(DataKind::kCoco), "coco");
  EXPECT_FALSE(data_kind("NPZ").has_value());
  EXPECT_FALSE(data_kind("").has_value());
}

TEST(DataSpec, WaysToResizeByName) {
  for (const Resize each :
       {Resize::kNone, Resize::kStretch, Resize::kLetterbox, Resize::kCenterCrop})
    EXPECT_EQ(resize_mode(name(each)), each) << name(each);
  EXPECT_EQ(name(Resize::kCenterCrop), "center_crop");
  EXPECT_FALSE(resize_mode("crop").has_value());
}

}  // namespace
}  // namespace posittune::data
