#include "posittune/formats/families.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "posittune/formats/family.h"

namespace posittune::formats {
namespace {

TEST(Families, EachEntryHasItsOwnOperations) {
  std::set<std::string> labels;
  for (const FamilyEntry& entry : kFamilies) {
    ASSERT_NE(entry.ops, nullptr);
    EXPECT_EQ(entry.ops->family, entry.family);
    EXPECT_EQ(&family_ops(entry.family), entry.ops);
    labels.insert(std::string(entry.ops->label));
    for (const Format& format : entry.ops->known()) EXPECT_EQ(format.family, entry.family);
  }
  EXPECT_EQ(labels.size(), kFamilies.size());
}

}  // namespace
}  // namespace posittune::formats
