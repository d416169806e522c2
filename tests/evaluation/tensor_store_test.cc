#include "posittune/evaluation/tensor_store.h"

#include <gtest/gtest.h>

#include "tests/base/temporary_folder.h"
#include "tests/model/models.h"

namespace posittune::evaluation {
namespace {

Tensors entry(float first) {
  return {{"x", test::float_tensor({2, 2}, {first, first + 1, first + 2, first + 3})},
          {"empty", test::float_tensor({0}, {})},
          {"y", test::float_tensor({1}, {-first})}};
}

// 20 bytes an entry: none, some, all of five in memory.
TEST(TensorStore, GivesBackWhatItGotWhereverThatIs) {
  for (const std::size_t limit : {0U, 45U, 1000U}) {
    const TemporaryFolder folder;
    TensorStore store(limit, folder.file(""));
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(store.append(entry(static_cast<float>(10 * i))).ok());
    EXPECT_EQ(store.size(), 5U);
    EXPECT_TRUE(folder.entries().empty());  // the file has no name
    Tensors buffer;
    for (const std::size_t i : {4U, 0U, 2U, 3U, 1U, 4U}) {
      const auto read = store.read(i, buffer);
      ASSERT_TRUE(read.ok()) << read.error().message();
      EXPECT_TRUE(test::same_bits(**read, entry(static_cast<float>(10 * i)))) << limit << " " << i;
      EXPECT_EQ((*read)->at("x").shape, (TensorShape{2, 2}));
    }
    TensorStore moved(std::move(store));
    EXPECT_TRUE(test::same_bits(**moved.read(3, buffer), entry(30)));
  }
}

TEST(TensorStore, AFolderThatIsNotThereIsAnError) {
  const TemporaryFolder folder;
  TensorStore store(0, folder.file("none"));
  const Status kept = store.append(entry(0));
  ASSERT_FALSE(kept.ok());
  EXPECT_NE(kept.error().message().find(folder.file("none")), std::string::npos)
      << kept.error().message();
}

}  // namespace
}  // namespace posittune::evaluation
