#include "bench.h"

#include <algorithm>
#include <map>
#include <random>
#include <string_view>

namespace posittune::bench {
namespace {

using formats::Format;

void fill(Data data, std::span<float> out) {
  std::mt19937 generator(2022);
  std::normal_distribution<float> normal;
  const std::size_t period = std::min(out.size(), std::size_t{1} << 20);
  for (std::size_t i = 0; i < period; ++i) {
    const float x = normal(generator);
    out[i] = data == Data::kRelu ? std::max(x, 0.0f) : x;
  }
  for (std::size_t i = period; i < out.size(); ++i) out[i] = out[i - period];
}

const kernels::Target& table_of(std::string_view name) {
  for (const kernels::TargetEntry& entry : kernels::targets()) {
    if (name == entry.name) return entry.table();
  }
  return kernels::targets().back().table();
}

}  // namespace

std::span<const float> input(Data data, std::size_t size) {
  static std::map<std::pair<Data, std::size_t>, Array<float>> arrays;
  const auto key = std::pair(data, size);
  auto found = arrays.find(key);
  if (found == arrays.end()) {
    found = arrays.emplace(key, size).first;
    fill(data, found->second.span());
  }
  return found->second.span();
}

std::vector<Format> all_formats() {
  std::vector<Format> formats;
  for (int n = 2; n <= 16; ++n) {
    for (int es = 0; es <= formats::kMaxPositEs; ++es) formats.push_back(formats::posit(n, es));
  }
  for (int n = 2; n <= formats::kMaxIntBits; ++n) formats.push_back(formats::integer(n));
  for (const Format& format : formats::known_formats()) {
    if (format.family == formats::Family::kFloat || format.block != 0) formats.push_back(format);
  }
  return formats;
}

std::vector<Format> main_formats() {
  std::vector<Format> formats;
  for (const char* name : {"posit<8,1>", "posit<8,0>", "posit<6,1>", "posit<16,1>", "fp8_e4m3",
                           "fp8_e5m2", "bf16", "int8", "mxfp8_e4m3", "mxfp4_e2m1", "mxint8"}) {
    const auto format = formats::parse_format(name);
    if (format.ok()) formats.push_back(*format);
  }
  return formats;
}

std::vector<const char*> supported_targets() {
  std::vector<const char*> names;
  for (const kernels::TargetEntry& entry : kernels::targets()) {
    if (entry.supported()) names.push_back(entry.name);
  }
  return names;
}

void add(const std::string& name, const char* target, int threads, std::size_t size, double bytes,
         std::function<Body()> prepare) {
  const std::string full =
      name + "/" + target + "/threads:" + std::to_string(threads) + "/" + std::to_string(size);
  const auto loop = [=](benchmark::State& state) {
    const kernels::ScopedTarget scope(table_of(target));
    const Body body = prepare();
    for (auto _ : state) {
      if (const Status status = body(); !status) {
        state.SkipWithError(status.error().message().c_str());
        break;
      }
      benchmark::ClobberMemory();
    }
    const auto elements =
        static_cast<std::int64_t>(size) * static_cast<std::int64_t>(state.iterations());
    state.SetItemsProcessed(elements);
    state.SetBytesProcessed(static_cast<std::int64_t>(bytes * static_cast<double>(elements)));
  };
  benchmark::RegisterBenchmark(full.c_str(), loop)->UseRealTime();
}

int run(int argc, char** argv) {
  benchmark::AddCustomContext("compiler", POSITTUNE_BENCH_COMPILER);
  benchmark::AddCustomContext("flags", POSITTUNE_BENCH_FLAGS);
  std::string names;
  for (const char* name : supported_targets()) names.append(names.empty() ? "" : " ").append(name);
  benchmark::AddCustomContext("targets", names);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  const std::size_t count = benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return count == 0 ? 1 : 0;
}

}  // namespace posittune::bench
