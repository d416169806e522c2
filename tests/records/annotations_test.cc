#include "posittune/records/annotations.h"

#include <gtest/gtest.h>

namespace posittune::records {
namespace {

// A list that is empty says that items have nothing of the kind; a list with an empty entry says
// that this item has none.
TEST(Annotations, NothingIsKnownUntilItIsSaid) {
  const Annotations none;
  EXPECT_TRUE(none.labels.empty() && none.boxes.empty());
  EXPECT_TRUE(none.image_ids.empty() && none.sequences.empty());
}

// Fields in COCO's order: x, y, width, height, then the class. An object is no crowd by default.
TEST(Annotations, BoxesAreWrittenAsInCoco) {
  const Box box{65, 72, 31.5F, 49.5F, 7};
  EXPECT_EQ(box.x + box.width, 96.5F);
  EXPECT_EQ(box.y + box.height, 121.5F);
  EXPECT_EQ(box.category, 7);
  EXPECT_FALSE(box.crowd);
}

}  // namespace
}  // namespace posittune::records
