// Pieces of arrays, beside the indices of their elements.

#include "posittune/session/array_chunks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "tests/base/temporary_folder.h"
#include "tests/data/files.h"

namespace posittune::session {
namespace {

formats::Format format(const char* name) { return formats::parse_format(name).value(); }

// The channel of each element by its index along the axis.
std::vector<std::size_t> channels_of(const TensorShape& shape, std::size_t axis) {
  std::size_t inner = 1;
  for (std::size_t i = axis + 1; i < shape.size(); ++i) inner *= shape[i];
  std::vector<std::size_t> channels(element_count(shape));
  for (std::size_t i = 0; i < channels.size(); ++i) channels[i] = i / inner % shape[axis];
  return channels;
}

TEST(Layout, ChannelsAreIndicesOfTheAxis) {
  const TensorShape shape = {3, 4, 5, 32};
  for (const char* name : {"int8", "mxfp4"}) {
    for (int axis = -4; axis < 4; ++axis) {
      if (format(name).block != 0 && (axis == 3 || axis == -1)) continue;
      const auto layout = make_layout(shape, axis, format(name));
      ASSERT_TRUE(layout.ok()) << axis;
      const auto expected =
          channels_of(shape, static_cast<std::size_t>(axis < 0 ? axis + 4 : axis));
      ASSERT_EQ(layout->rows * layout->cols, expected.size());
      for (std::size_t i = 0; i < expected.size(); ++i)
        ASSERT_EQ(layout->channel(i / layout->cols), expected[i]) << axis << " " << i;
      const bool blocks = format(name).block != 0;
      if (blocks) {
        EXPECT_EQ(layout->cols, 32U);  // they run along the last axis
      }
    }
  }
}

TEST(Layout, WithoutAnAxisThereIsOneChannel) {
  const auto plain = make_layout({3, 4}, {}, format("int8"));
  EXPECT_EQ(plain->rows, 1U);
  EXPECT_EQ(plain->cols, 12U);
  EXPECT_EQ(plain->channels, 1U);
  EXPECT_EQ(make_layout({3, 4}, {}, format("mxfp4"))->cols, 4U);
  EXPECT_EQ(make_layout({}, {}, format("int8"))->cols, 1U);
  EXPECT_EQ(make_layout({3, 0}, {}, format("mxfp4"))->rows, 0U);
}

TEST(Layout, AxesThatThereAreNot) {
  const auto kind = [](const TensorShape& shape, int axis, const char* name) {
    return make_layout(shape, axis, format(name)).error().kind;
  };
  EXPECT_EQ(kind({3, 4}, 2, "int8"), ErrorKind::kUsage);
  EXPECT_EQ(kind({3, 4}, -3, "int8"), ErrorKind::kUsage);
  EXPECT_EQ(kind({}, 0, "int8"), ErrorKind::kUsage);
  EXPECT_EQ(kind({3, 32}, 1, "mxfp4"), ErrorKind::kUsage);
  EXPECT_EQ(kind({2000000, 2}, 0, "int8"), ErrorKind::kUnsupported);
}

// Every element once, in order, in pieces of at most the limit; the channels of rows that were put
// together are those of their elements.
TEST(Chunks, HoldEveryElementOnce) {
  const TemporaryFolder folder;
  for (const auto& [shape, axis] :
       {std::pair<TensorShape, int>{{7, 5, 3}, 1}, {{6, 4}, 1}, {{2, 9000}, 0}, {{5, 100}, 0}}) {
    std::vector<float> values(element_count(shape));
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
    std::string text = "(";
    for (const std::size_t dim : shape) text += std::to_string(dim) + ", ";
    write_bytes(folder.file("x.npy"), data::npy_bytes("<f4", text + ")", values));
    const auto array = data::NpyReader::open(folder.file("x.npy"));
    ASSERT_TRUE(array.ok()) << array.error().message();
    const Layout layout = make_layout(shape, axis, format("int8")).value();
    const auto channels = channels_of(shape, static_cast<std::size_t>(axis));
    for (const std::size_t limit : {1U, 15U, 60U, 4096U, 1000000U}) {
      std::vector<int> seen(values.size(), 0);
      std::size_t next = 0;
      std::vector<float> buffer;
      const Status done = for_each_chunk(*array, layout, limit, [&](const Chunk& chunk) {
        EXPECT_EQ(chunk.first, next);
        EXPECT_LE(chunk.shape.size(),
                  std::max({limit, layout.cols > limit ? 4096UL : layout.cols}));
        next += chunk.shape.size();
        const ChannelRows rows = channel_rows(layout, chunk, buffer);
        EXPECT_EQ(rows.channels.size(), rows.shape.rows);
        for (std::size_t i = 0; i < rows.x.size(); ++i) {
          const auto element = static_cast<std::size_t>(rows.x[i]);
          ++seen[element];
          EXPECT_EQ(rows.channels[i / rows.shape.cols], channels[element]);
        }
        return success();
      });
      EXPECT_TRUE(done.ok());
      EXPECT_TRUE(std::ranges::all_of(seen, [](int times) { return times == 1; })) << limit;
    }
  }
}

TEST(Chunks, AnErrorEndsThem) {
  const TemporaryFolder folder;
  write_bytes(folder.file("x.npy"), data::npy_bytes("<f4", "(4, 2)", std::vector<float>(8, 1)));
  const auto array = data::NpyReader::open(folder.file("x.npy"));
  int calls = 0;
  const Status ended = for_each_chunk(*array, make_layout({4, 2}, 0, format("int8")).value(), 2,
                                      [&](const Chunk&) -> Status {
                                        ++calls;
                                        return Error{.kind = ErrorKind::kInterrupted, .what = "x"};
                                      });
  EXPECT_EQ(ended.error().kind, ErrorKind::kInterrupted);
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace posittune::session
