#include "posittune/evaluation/batches.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/engine/engines.h"
#include "tests/evaluation/zoo_data.h"

namespace posittune::evaluation {
namespace {

model::Graph graph_of(std::vector<std::vector<std::int64_t>> inputs) {
  model::Graph graph;
  for (auto& dims : inputs) graph.inputs.push_back({"x", ElementType::kF32, std::move(dims)});
  return graph;
}

TEST(Batches, LimitIsTheLeastFixedFirstDimension) {
  constexpr std::size_t kAny = std::numeric_limits<std::size_t>::max();
  EXPECT_EQ(batch_limit(graph_of({})), kAny);
  EXPECT_EQ(batch_limit(graph_of({{-1, 4}, {}})), kAny);
  EXPECT_EQ(batch_limit(graph_of({{-1, 4}, {3, 4}})), 3u);
  EXPECT_EQ(batch_limit(graph_of({{7}, {1, 4}})), 1u);
}

struct Zoo {
  explicit Zoo(std::size_t items) {
    model::Graph graph = model::load(test::zoo("gpt2")).value();
    data.emplace(test::gpt2_data(items, graph));
    engine.emplace(test::engine_of(std::move(graph)));
  }
  std::optional<data::Dataset> data;
  std::optional<engine::Engine> engine;
};

TEST(Batches, EveryItemComesOnce) {
  Zoo zoo(7);
  for (const std::size_t batch : {1, 3, 7, 100}) {
    std::size_t next = 0, batches = 0;
    const Status done =
        for_each_batch(*zoo.data, batch, [&](std::size_t index, std::size_t first, Tensors inputs) {
          EXPECT_EQ(index, batches++);
          EXPECT_EQ(first, next);
          const std::size_t items = inputs.at("input_ids").shape.at(0);
          EXPECT_LE(items, batch);
          EXPECT_TRUE(test::same_bits(inputs, zoo.data->batch(first, items).value()));
          next += items;
          return success();
        });
    EXPECT_TRUE(done.ok());
    EXPECT_EQ(next, 7u);
    EXPECT_EQ(batches, (7 + batch - 1) / batch);
  }
}

TEST(Batches, AnErrorEndsAndNamesTheData) {
  Zoo zoo(3);
  int calls = 0;
  const auto failing = [&](ErrorKind kind, std::string where) {
    return for_each_batch(*zoo.data, 1,
                          [&, kind](std::size_t, std::size_t, const Tensors&) -> Status {
                            ++calls;
                            return Error{.kind = kind, .what = "bad", .where = where};
                          });
  };
  const Status input = failing(ErrorKind::kInput, "item 0");
  ASSERT_FALSE(input.ok());
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(input.error().where, zoo.data->description().path + ", item 0");
  EXPECT_EQ(failing(ErrorKind::kInput, "").error().where, zoo.data->description().path);
  EXPECT_EQ(failing(ErrorKind::kInput, zoo.data->description().path).error().where,
            zoo.data->description().path);
  // Not the data's fault.
  EXPECT_EQ(failing(ErrorKind::kInterrupted, "").error().where, "");
  EXPECT_EQ(failing(ErrorKind::kUsage, "segment 1").error().where, "segment 1");
}

TEST(Batches, SizeByTheOutputsOrAsWanted) {
  Zoo zoo(3);
  EXPECT_EQ(choose_batch(*zoo.engine, *zoo.data, 2, "").value().items, 2u);
  EXPECT_EQ(choose_batch(*zoo.engine, *zoo.data, kAlone, "").value().items, 1u);
  EXPECT_EQ(choose_batch(*zoo.engine, *zoo.data, 1000, "").value().items,
            1000u);  // no limit in the model
  const auto outputs = zoo.engine->run(zoo.data->batch(0, 1).value());
  std::size_t bytes = 0;
  for (const auto& [name, tensor] : *outputs) bytes += tensor.bytes.size();
  EXPECT_EQ(choose_batch(*zoo.engine, *zoo.data, 0, "").value().items,
            std::clamp<std::size_t>((64UL << 20) / bytes, 1, 16));
}

TEST(Batches, ItemsAreRunAloneOnlyToBeCompared) {
  Zoo zoo(3);
  const auto apart = [&](std::size_t wanted, const std::string& output) {
    std::vector<std::size_t> items;
    const Batch batch = choose_batch(*zoo.engine, *zoo.data, wanted, output).value();
    for (const auto& [item, tensor] : batch.apart) items.push_back(item);
    return items;
  };
  const std::string name = zoo.engine->graph().outputs.front().name;
  EXPECT_EQ(apart(1, name), std::vector<std::size_t>{});       // compared already
  EXPECT_EQ(apart(kAlone, name), std::vector<std::size_t>{});  // not to be compared
  EXPECT_EQ(apart(2, name), (std::vector<std::size_t>{0, 1}));
  EXPECT_EQ(apart(3, name), std::vector<std::size_t>{1});
  EXPECT_EQ(apart(3, ""), std::vector<std::size_t>{});
  const Batch batch = choose_batch(*zoo.engine, *zoo.data, 3, name).value();
  auto outputs = zoo.engine->run(zoo.data->batch(0, 3).value()).value();
  EXPECT_TRUE(check_items_are_independent(batch, outputs, name).ok());
}

TEST(Batches, AnItemThatReadsItsNeighboursIsNamed) {
  const Batch batch{.items = 3, .apart = {{1, test::float_tensor({1, 2}, {3, 4})}}};
  const auto of = [&](const TensorShape& shape, const std::vector<float>& values) {
    return check_items_are_independent(batch, {{"y", test::float_tensor(shape, values)}}, "y");
  };
  EXPECT_TRUE(of({3, 2}, {9, 9, 3, 4.004F, 9, 9}).ok());
  const Status far = of({3, 2}, {9, 9, 3, 4.05F, 9, 9});  // sqrt(.05^2 / 25)
  ASSERT_FALSE(far.ok());
  EXPECT_EQ(far.error().kind, ErrorKind::kInput);
  EXPECT_EQ(far.error().where, "output 'y', item 1 alone and in a batch of 3");
  EXPECT_EQ(far.error().found, "0.01");
  EXPECT_EQ(far.error().expected, "a relative difference (RMS) of at most 0.001");
  EXPECT_FALSE(of({3, 2}, {9, 9, 3, std::numeric_limits<float>::infinity(), 9, 9}).ok());
  EXPECT_FALSE(of({3, 2, 1}, {9, 9, 3, 4, 9, 9}).ok());
  EXPECT_FALSE(of({2, 3}, {9, 9, 9, 3, 4, 9}).ok());
  EXPECT_TRUE(of({1, 2}, {3, 9}).ok());  // no company
  EXPECT_TRUE(check_items_are_independent(batch, {}, "y").ok());
  EXPECT_TRUE(
      check_items_are_independent(batch, {{"y", test::index_tensor({2, 1}, {5, 6})}}, "y").ok());
  const float infinity = std::numeric_limits<float>::infinity();
  const Batch masked{.items = 2, .apart = {{0, test::float_tensor({1, 2}, {-infinity, 1})}}};
  EXPECT_TRUE(check_items_are_independent(
                  masked, {{"y", test::float_tensor({2, 2}, {-infinity, 1, 0, 0})}}, "y")
                  .ok());
}

TEST(Batches, AReferenceWithNaNNamesTheItem) {
  const float nan = std::numeric_limits<float>::quiet_NaN(),
              infinity = std::numeric_limits<float>::infinity();
  const auto of = [](const std::vector<float>& values) {
    return check_reference({{"y", test::float_tensor({3, 2}, values)}}, "y", 10);
  };
  EXPECT_TRUE(of({1, 2, 3, 4, 5, 6}).ok());
  EXPECT_TRUE(of({1, -infinity, 3, 4, 5, 6}).ok());  // a class that cannot be
  const Status bad = of({1, 2, 3, nan, nan, 6});
  ASSERT_FALSE(bad.ok());
  EXPECT_EQ(bad.error().kind, ErrorKind::kInput);
  EXPECT_EQ(bad.error().where, "output 'y', item 11");
  // What is no output of that name or kind is for others to say.
  EXPECT_TRUE(check_reference({}, "y", 0).ok());
  EXPECT_TRUE(check_reference({{"y", test::index_tensor({1}, {5})}}, "y", 0).ok());
}

TEST(Batches, AScoredOutputHasARowForEachItem) {
  const Tensors outputs = {{"y", test::float_tensor({6, 2}, std::vector<float>(12, 1))},
                           {"one", test::float_tensor({}, {1})},
                           {"none", test::float_tensor({0, 2}, {})}};
  EXPECT_TRUE(check_rows(outputs, "y", 0, 6).ok());
  EXPECT_TRUE(check_rows(outputs, "z", 0, 6).ok()) << "for the scorer to report";
  for (const auto& [name, items] : std::vector<std::pair<std::string, std::size_t>>{
           {"y", 3}, {"y", 7}, {"one", 1}, {"none", 1}}) {
    const Status bad = check_rows(outputs, name, 16, items);
    ASSERT_FALSE(bad.ok()) << name << items;
    EXPECT_EQ(bad.error().kind, ErrorKind::kInput);
    EXPECT_NE(bad.error().where.find("item 16"), std::string::npos) << bad.error().message();
  }
}

}  // namespace
}  // namespace posittune::evaluation
