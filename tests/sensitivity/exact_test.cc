// The exact tier against naive runs of the whole model: every layer of the zoo's models, three
// formats.

#include <gtest/gtest.h>

#include "posittune/data/data_yaml.h"
#include "posittune/data/dataset.h"
#include "posittune/evaluation/prober.h"
#include "posittune/model/select.h"
#include "posittune/sensitivity/sites.h"
#include "tests/engine/engines.h"

namespace posittune::sensitivity {
namespace {

struct Model {
  const char* name;
  metrics::Task task;
  std::size_t items;
};

class ExactTier : public testing::TestWithParam<Model> {};

TEST_P(ExactTier, EqualsRunsOfAllSegments) {
  const Model& of = GetParam();
  model::Graph graph = model::load(test::zoo(of.name)).value();
  const std::string yaml =
      test::zoo(of.name).substr(0, test::zoo(of.name).rfind('/')) + "/data.yaml";
  auto specs = data::read_data_yaml(yaml);
  ASSERT_TRUE(specs.ok()) << specs.error().message();
  data::DataSpec spec = *specs->search;
  spec.limit = of.items;
  auto data = data::Dataset::open(spec, graph.inputs);
  ASSERT_TRUE(data.ok()) << data.error().message();
  const std::vector<bool> all = model::select(graph, {}).value();
  auto engine =
      engine::Engine::create(std::move(graph), {.chosen = all, .threads = 2, .segments = 32});
  ASSERT_TRUE(engine.ok()) << engine.error().message();
  const auto going = [](std::size_t) { return success(); };
  evaluation::ProberOptions options;
  options.task = of.task;
  auto prober = evaluation::Prober::create(*engine, *data, options, going);
  ASSERT_TRUE(prober.ok()) << prober.error().message();
  constexpr Operand kOnly[] = {Operand::kWeight};
  std::size_t changed = 0, measured = 0;
  for (const Site& site : list_sites(*engine, kOnly)) {
    for (const char* format : {"posit<8,1>", "posit<5,1>", "int4"}) {
      const Candidate candidate{
          test::weight_setting(format, quant::ScaleRule::kRmsPow2, quant::Granularity::kChannel),
          {}};
      const quant::Recipe recipe = recipe_of(*engine, site, candidate);
      const auto suffix = prober->measure(recipe, prober->first_segment(recipe), going);
      const auto whole = prober->measure(recipe, 0, going);
      ASSERT_TRUE(suffix.ok() && whole.ok());
      EXPECT_EQ(suffix->sums, whole->sums)
          << engine->graph().layers[site.layers.front()].name << " " << format;
      changed += whole->mean() > 0 ? 1 : 0;
      ++measured;
    }
  }
  EXPECT_GT(changed, measured * 9 / 10);  // constants that all formats hold change nothing
}

INSTANTIATE_TEST_SUITE_P(Zoo, ExactTier,
                         testing::Values(Model{"gpt2", metrics::Task::kLanguageModel, 1},
                                         Model{"albert", metrics::Task::kClassify, 2},
                                         Model{"yolo", metrics::Task::kDetect, 1}),
                         [](const auto& each) { return std::string(each.param.name); });

}  // namespace
}  // namespace posittune::sensitivity
