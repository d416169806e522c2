#include "tests/sensitivity/fake_figures.h"

#include <algorithm>
#include <openvino/op/matmul.hpp>

#include "tests/data/files.h"
#include "tests/engine/engines.h"

namespace posittune::test {
namespace {

constexpr std::size_t kRows = 4;

double entry(const FakeFigures::Table& table, const std::string& name,
             const formats::Format& format) {
  const auto row = table.find(name);
  if (row == table.end()) return 0;
  const auto found = row->second.find(formats::name(format));
  return found == row->second.end() ? 0 : found->second;
}

double share(std::size_t row) { return static_cast<double>(row + 1) / 10; }

engine::Engine make_engine() {
  auto x = parameter({-1, 4, 4});
  auto w = normal_constant({4, 4}, 1, "w");
  auto first = std::make_shared<ov::op::v0::MatMul>(x, w);
  first->set_friendly_name("first");
  auto second = std::make_shared<ov::op::v0::MatMul>(first, w);
  second->set_friendly_name("second");
  auto other = std::make_shared<ov::op::v0::MatMul>(second, normal_constant({4, 4}, 2, "v"));
  other->set_friendly_name("other");
  auto scores = std::make_shared<ov::op::v0::MatMul>(other, first);
  scores->set_friendly_name("scores");
  return engine_of(load_ir(model_of(scores, {x})), 1);
}

engine::Engine make_chain(std::size_t weights) {
  auto x = parameter({-1, 4, 4});
  ov::Output<ov::Node> end = x;
  for (std::size_t i = 0; i < weights; ++i) {
    auto w = normal_constant({4, 4}, static_cast<unsigned>(i + 1), "w" + std::to_string(i));
    auto layer = std::make_shared<ov::op::v0::MatMul>(end, w);
    layer->set_friendly_name("l" + std::to_string(i));
    end = layer;
  }
  return engine_of(load_ir(model_of(end, {x})), 1);
}

data::Dataset make_data(const TemporaryFolder& folder, const model::Graph& graph) {
  data::DataSpec spec;
  spec.path = folder.file("x.npz");
  const std::string array =
      data::npy_bytes("<f4", "(16, 4, 4)", normal(kFakeItems * kRows * kRows, 1, 3));
  write_bytes(spec.path, data::zip_bytes({{"x.npy", array}}));
  return data::Dataset::open(spec, graph.inputs).value();
}

}  // namespace

double FakeFigures::loss(const quant::Recipe& recipe) const {
  double sum = interaction ? interaction(recipe) : 0;
  for (const auto& [name, setting] : recipe.weights) {
    const auto parts = quant::parts(setting, kRows).value();
    for (const quant::RowWindow& part : parts) {
      for (std::size_t row = part.first; row < part.first + part.count; ++row)
        sum += entry(losses, name, part.format) * share(row);
    }
  }
  for (const auto& [name, setting] : recipe.activations) sum += entry(losses, name, setting.format);
  return sum;
}

Status FakeFigures::calibrate() {
  ++calibrations;
  return success();
}

Result<engine::OutputError> FakeFigures::weight_error(std::size_t layer,
                                                      const quant::WeightSetting& setting) {
  ++errors_asked;
  const model::Graph& graph = engine_.graph();
  engine::OutputError made;
  made.error = entry(errors, graph.weights[*graph.layers[layer].weight].name, setting.format);
  made.signal = signal;
  for (std::size_t row = 0; row < kRows; ++row) made.channels.push_back(made.error * share(row));
  return made;
}

Result<engine::OutputError> FakeFigures::activation_error(std::size_t layer,
                                                          const quant::ActivationSetting& setting) {
  ++errors_asked;
  engine::OutputError made;
  made.error = entry(errors, engine_.graph().layers[layer].name, setting.format);
  made.signal = signal;
  return made;
}

Result<std::vector<double>> FakeFigures::rounding_error(std::size_t weight,
                                                        const quant::WeightSetting& setting) {
  const double whole = entry(squares, engine_.graph().weights[weight].name, setting.format);
  std::vector<double> rows;
  for (std::size_t row = 0; row < kRows; ++row) rows.push_back(whole * share(kRows - 1 - row));
  return rows;
}

Result<sensitivity::Fp32Run> FakeFigures::run_fp32() {
  ++fp32_runs;
  return sensitivity::Fp32Run{fp32_seconds, {}};
}

Result<evaluation::Divergence> FakeFigures::divergence(const quant::Recipe& recipe, bool whole,
                                                       const Advance& advance,
                                                       const evaluation::Stop& stop) {
  (whole ? whole_runs : suffix_runs).push_back(recipe);
  const double of = loss(recipe);
  evaluation::Divergence made{std::vector<double>(kFakeItems, 0),
                              std::vector<double>(kFakeItems, 0)};
  for (std::size_t first = 0; first < kFakeItems; first += kFakeBatch) {
    for (std::size_t item = first; item < first + kFakeBatch; ++item) {
      made.sums[item] = of * units[item];
      made.counts[item] = 1;
    }
    ++batches;
    if (const Status going = advance(kFakeBatch); !going) return going.error();
    if (stop && first + kFakeBatch < kFakeItems && stop(made)) break;
  }
  return made;
}

InventedModel::InventedModel(engine::Engine made)
    : engine(std::move(made)),
      data(make_data(folder, engine.graph())),
      journal(records::Journal::open(folder.file("trials.db")).value()),
      figures(engine) {}

InventedModel::InventedModel() : InventedModel(make_engine()) {}

InventedModel::InventedModel(std::size_t weights) : InventedModel(make_chain(weights)) {
  for (std::size_t i = 0; i < weights; ++i) {
    const std::string name = "w" + std::to_string(i);
    figures.errors[name] = {{"int4", 1}, {"int5", 0.5}, {"int6", 0.125}, {"int8", 0.0625}};
    for (const auto& [format, error] : figures.errors[name])
      figures.losses[name][format] = static_cast<double>(i + 1) * error;
  }
}

sensitivity::Reporter Progress::reporter() {
  return [this](const std::string& title, std::size_t total) {
    totals[title] = total;
    return [this, title](std::size_t some) -> Status {
      items[title] += some;
      if (title != stopped || items[title] < last) return success();
      return Error{.kind = ErrorKind::kInterrupted, .what = "stopped"};
    };
  };
}

}  // namespace posittune::test
