#include "posittune/session/output_files.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/base/temporary_folder.h"

namespace posittune::session {
namespace {

TEST(OutputFiles, NamesAreSafe) {
  EXPECT_EQ(file_name("posit<8,1> wa"), "posit_8_1__wa");
  EXPECT_EQ(file_name("../a/b"), ".._a_b");
  EXPECT_EQ(file_name("a-b_c.9"), "a-b_c.9");
  EXPECT_EQ(file_name("\xc3\xa4"), "__");
}

Tensors outputs(std::size_t items, float first) {
  Tensor floats = Tensor::zeros(ElementType::kF32, {items, 2});
  for (std::size_t i = 0; i < floats.size(); ++i)
    floats.as<float>()[i] = first + static_cast<float>(i);
  return {{"y/z", floats},
          {"ids", Tensor::zeros(ElementType::kI64, {items})},
          {"scalar", Tensor::zeros(ElementType::kF32, {})}};
}

// Batches one behind the other; integers and scalars are left out.
TEST(OutputFiles, BatchesBecomeOneArray) {
  const TemporaryFolder folder;
  OutputFiles files(folder.file("out"), "int8 w", 3);
  const auto watch = files.watch();
  ASSERT_TRUE(watch(0, outputs(2, 0)).ok());
  ASSERT_TRUE(watch(2, outputs(1, 4)).ok());
  EXPECT_FALSE(std::filesystem::exists(folder.file("out/int8_w.y_z.npy")));
  ASSERT_TRUE(files.commit().ok());
  const auto array = data::NpyReader::open(folder.file("out/int8_w.y_z.npy"));
  ASSERT_TRUE(array.ok()) << array.error().message();
  EXPECT_EQ(array->shape(), (TensorShape{3, 2}));
  const Tensor all = array->read_all().value();
  for (std::size_t i = 0; i < 6; ++i) EXPECT_EQ(all.as<float>()[i], static_cast<float>(i));
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& each : std::filesystem::directory_iterator(folder.file("out")))
    ++count;
  EXPECT_EQ(count, 1U);
}

}  // namespace
}  // namespace posittune::session
