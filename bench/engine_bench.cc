// Times a model under recipes beside plain FP32 OpenVINO, in turns, so that both see the same
// machine.
//
//   posittune_bench_engine MODEL [--batch N] [--tokens N] [--runs N] [--threads N] [--size N]
//                          [--formats LIST (w and wa)] [--only-memory FORMAT]
//
// Prints one JSON document: seconds (median) and ratios to plain OpenVINO (median of paired
// ratios).

#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <iostream>
#include <nlohmann/json.hpp>
#include <random>

#include "posittune/base/threads.h"
#include "posittune/engine/engine.h"
#include "posittune/model/select.h"

namespace {

using namespace posittune;
using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

struct Options {
  std::string model, memory_format;
  std::size_t batch = 1, tokens = 256, size = 320;
  int runs = 7, threads = 2;
  std::vector<std::string> formats = {"posit8e1", "int8", "fp8_e4m3"};
};

[[noreturn]] void fail(const Error& error) {
  std::cerr << "error: " << error.message() << "\n";
  std::exit(static_cast<int>(error.kind));
}

template <class T>
T need(Result<T> result) {
  if (!result) fail(result.error());
  return std::move(*result);
}

double seconds_of(const std::function<void()>& work) {
  const auto start = Clock::now();
  work();
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

Tensors random_inputs(const model::Graph& graph, const Options& options) {
  std::mt19937 random(1);
  Tensors inputs;
  for (const TensorInfo& info : graph.inputs) {
    TensorShape shape;
    for (std::size_t d = 0; d < info.dims.size(); ++d) {
      const std::size_t open = d == 0                  ? options.batch
                               : info.dims.size() == 4 ? options.size
                                                       : options.tokens;
      shape.push_back(info.dims[d] < 0 ? open : static_cast<std::size_t>(info.dims[d]));
    }
    Tensor tensor = Tensor::zeros(info.type, shape);
    const bool mask = info.name.find("mask") != std::string::npos;
    if (info.type == ElementType::kI64) {
      for (auto& id : tensor.as<std::int64_t>())
        id = mask ? 1 : static_cast<std::int64_t>(random() % 1000);
    } else if (info.type == ElementType::kF32) {
      for (auto& value : tensor.as<float>()) value = static_cast<float>(random() % 256) / 255;
    }
    inputs[info.name] = std::move(tensor);
  }
  return inputs;
}

engine::Engine make_engine(const Options& options, bool quantized) {
  auto graph = need(model::load(options.model));
  auto chosen = need(model::select(graph, {}));
  if (!quantized) chosen.assign(chosen.size(), false);
  return need(engine::Engine::create(std::move(graph), {chosen, options.threads}));
}

quant::Recipe recipe(const engine::Engine& engine, const std::string& format, bool activations) {
  const auto parsed = need(formats::parse_format(format));
  const quant::WeightSetting weights{.format = parsed};
  const quant::ActivationSetting inputs{.format = parsed};
  return engine.uniform(weights, activations ? std::optional(inputs) : std::nullopt);
}

void apply(engine::Engine& engine, const quant::Recipe& next) {
  if (const Status done = engine.apply(next); !done) fail(done.error());
}

double peak_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

// One format in a process of its own: what calibrating and running it takes.
int memory_run(const Options& options) {
  engine::Engine engine = make_engine(options, true);
  const Tensors inputs = random_inputs(engine.graph(), options);
  if (const Status seen = engine.calibrate(inputs); !seen) fail(seen.error());
  apply(engine, recipe(engine, options.memory_format, true));
  need(engine.run(inputs));
  const double weights = static_cast<double>(engine.weight_count()) * 4 / (1 << 20);
  std::cout << Json{{"model", options.model},
                    {"fp32_weights_mb", weights},
                    {"peak_mb", peak_mb()},
                    {"limit_mb", 2.5 * weights + 300}}
                   .dump(2)
            << "\n";
  return 0;
}

struct Times {
  double seconds, ratio;
};

// In turns: plain OpenVINO, then the engine.
Times paired(engine::Engine& plain, engine::Engine& engine, const Tensors& inputs, int runs) {
  std::vector<double> seconds, ratios;
  need(engine.run(inputs));
  for (int i = 0; i < runs; ++i) {
    const double base = seconds_of([&] { need(plain.run(inputs)); });
    const double own = seconds_of([&] { need(engine.run(inputs)); });
    seconds.push_back(own);
    ratios.push_back(own / base);
  }
  return {median(seconds), median(ratios)};
}

int timing_run(const Options& options) {
  engine::Engine plain = make_engine(options, false), engine = make_engine(options, true);
  const Tensors inputs = random_inputs(engine.graph(), options);
  need(plain.run(inputs));
  if (const Status seen = engine.calibrate(inputs); !seen) fail(seen.error());
  Json rows = Json::array();
  const auto add = [&](const std::string& format, const std::string& what) {
    const Times times = paired(plain, engine, inputs, options.runs);
    rows.push_back({{"format", format},
                    {"what", what},
                    {"path", std::string(engine.paths().back())},
                    {"seconds", times.seconds},
                    {"ratio_to_openvino_fp32", times.ratio}});
  };
  add("fp32", "-");
  for (const std::string& format : options.formats) {
    for (const bool activations : {false, true}) {
      apply(engine, recipe(engine, format, activations));
      add(format, activations ? "wa" : "w");
    }
  }
  // Changing formats, scales chosen before: all layers, then the weight of one layer.
  const quant::Recipe a = recipe(engine, "posit8e1", true), b = recipe(engine, "posit8e0", true);
  apply(engine, a);
  apply(engine, b);
  const double all = seconds_of([&] { apply(engine, a); });
  std::vector<double> singles;
  for (const auto& [name, setting] : b.weights) {
    quant::Recipe one = a;
    one.weights[name] = setting;
    singles.push_back(seconds_of([&] { apply(engine, one); }));
    apply(engine, a);
  }
  std::cout << Json{{"model", options.model},
                    {"batch", options.batch},
                    {"tokens", options.tokens},
                    {"threads", options.threads},
                    {"rows", rows},
                    {"change_all_seconds", all},
                    {"change_one_median_seconds", median(singles)},
                    {"change_one_largest_seconds",
                     *std::max_element(singles.begin(), singles.end())}}
                   .dump(2)
            << "\n";
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("times a model under formats beside plain OpenVINO FP32");
  app.add_option("MODEL", options.model)->required();
  app.add_option("--batch", options.batch);
  app.add_option("--tokens", options.tokens);
  app.add_option("--size", options.size);
  app.add_option("--runs", options.runs);
  app.add_option("--threads", options.threads);
  app.add_option("--formats", options.formats)->delimiter(',');
  app.add_option("--only-memory", options.memory_format);
  CLI11_PARSE(app, argc, argv);
  return options.memory_format.empty() ? timing_run(options) : memory_run(options);
}
