#include "posittune/evaluation/item_losses.h"

#include <gtest/gtest.h>

#include "tests/base/temporary_folder.h"

namespace posittune::evaluation {
namespace {

TEST(ItemLosses, ComeBackUnderTheKeyOfTheirRow) {
  const TemporaryFolder folder;
  auto journal = records::Journal::open(folder.file("trials.db"));
  ASSERT_TRUE(journal.ok()) << journal.error().message();
  const std::vector<metrics::ItemDivergence> losses = {{0.5, 2}, {0, 1}};
  ASSERT_TRUE(put_items(*journal, "row", losses).ok());
  const auto found = find_items(*journal, "row");
  ASSERT_TRUE(found.ok()) << found.error().message();
  EXPECT_EQ(found->sums, (std::vector<double>{0.5, 0}));
  EXPECT_EQ(found->counts, (std::vector<double>{2, 1}));
  const auto none = find_items(*journal, "another row");
  ASSERT_TRUE(none.ok());
  EXPECT_EQ(*none, records::ItemsEntry{});
  // The row's own entry is another one.
  EXPECT_EQ(*journal->find("row"), std::nullopt);
}

}  // namespace
}  // namespace posittune::evaluation
