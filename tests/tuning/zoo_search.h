#pragma once

// A model of the zoo with its data, ready for an analysis.

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "posittune/cost/recipe_cost.h"
#include "posittune/data/data_yaml.h"
#include "posittune/data/dataset.h"
#include "posittune/model/select.h"
#include "posittune/records/journal.h"
#include "posittune/tuning/mix_space.h"
#include "tests/engine/engines.h"

namespace posittune::tuning::test {

struct ZooSearch {
  std::optional<data::Dataset> calibrate, search;
  std::optional<cost::Loads> loads;
  cost::Table table = cost::Table::placeholder();
  std::optional<engine::Engine> engine;
  std::optional<cost::CostModel> costs;
  std::optional<records::Journal> journal;
  std::optional<sensitivity::Analysis> analysis;

  // `items` of each split; embeddings too.
  static std::unique_ptr<ZooSearch> open(const std::string& name, metrics::Task task,
                                         std::size_t items, const std::string& journal_path) {
    auto made = std::make_unique<ZooSearch>();
    const std::string path = posittune::test::zoo(name);
    model::Graph graph = model::load(path).value();
    auto specs = data::read_data_yaml(path.substr(0, path.rfind('/')) + "/data.yaml").value();
    specs.calibrate->limit = specs.search->limit = items;
    made->calibrate.emplace(data::Dataset::open(*specs.calibrate, graph.inputs).value());
    made->search.emplace(data::Dataset::open(*specs.search, graph.inputs).value());
    std::map<std::string, TensorShape> shapes;
    const Tensors first = made->search->batch(0, 1).value();
    for (const auto& [input, tensor] : first) shapes[input] = tensor.shape;
    made->loads.emplace(cost::count_loads(graph, shapes).value());
    const std::vector<bool> all = model::select(graph, {}).value();
    made->engine.emplace(
        engine::Engine::create(
            std::move(graph),
            {.chosen = all, .threads = 2, .segments = 8, .covariance_bytes = 1UL << 28})
            .value());
    made->costs.emplace(made->engine->graph(), *made->loads, made->table, cost::Memory{});
    made->journal.emplace(records::Journal::open(journal_path).value());
    sensitivity::Options options;
    options.reference = {weight("posit<5,1>"), {.format = weight("posit<5,1>").format}};
    options.prober.task = task;
    made->analysis.emplace(sensitivity::Inputs{.engine = &*made->engine,
                                               .calibrate = &*made->calibrate,
                                               .search = &*made->search,
                                               .journal = &*made->journal,
                                               .identity = {{"model", name}},
                                               .report =
                                                   [](const std::string&, std::size_t) {
                                                     return [](std::size_t) { return success(); };
                                                   }},
                           options);
    return made;
  }

  static quant::WeightSetting weight(const char* format) {
    return posittune::test::weight_setting(format, quant::ScaleRule::kMsePow2,
                                           quant::Granularity::kChannel);
  }
};

}  // namespace posittune::tuning::test
