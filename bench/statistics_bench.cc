// Statistics of arrays and the rounding error of a set of candidate scales.

#include <cmath>

#include "bench.h"
#include "posittune/kernels/statistics.h"

namespace posittune::bench {
namespace {

using formats::Format;

// Rows as long as a layer's: 256 rows of 1024.
constexpr kernels::Shape kLayer{256, kInCache / 256};

template <class T>
Status status_of(const Result<T>& result) {
  benchmark::DoNotOptimize(&result);
  if (!result) return result.error();
  return success();
}

void add_statistics(const char* target, int threads) {
  add("statistics", target, threads, kInCache, sizeof(float), [=]() -> Body {
    const auto x = input(Data::kNormal, kInCache);
    return [=] { return status_of(kernels::statistics(x, {.threads = threads})); };
  });
  add("row_statistics", target, threads, kInCache, sizeof(float), [=]() -> Body {
    const auto x = input(Data::kNormal, kInCache);
    return [=] { return status_of(kernels::row_statistics(x, kLayer, {.threads = threads})); };
  });
  add("histogram", target, threads, kInCache, sizeof(float), [=]() -> Body {
    const auto x = input(Data::kNormal, kInCache);
    return [=] {
      const auto bins = kernels::histogram(x, {.threads = threads});
      benchmark::DoNotOptimize(bins.data());
      return success();
    };
  });
}

// An element counts once however many scales are tried: divide by `candidates` for the cost of one.
void add_rounding_error(const Format& format, std::size_t candidates, const char* target,
                        int threads) {
  const std::string name =
      "rounding_error/" + formats::name(format) + "/scales:" + std::to_string(candidates);
  add(name, target, threads, kInCache, sizeof(float), [=]() -> Body {
    const auto x = input(Data::kNormal, kInCache);
    std::vector<float> scales;
    for (std::size_t i = 0; i < candidates; ++i) {
      scales.push_back(std::ldexp(1.0f, static_cast<int>(i) - static_cast<int>(candidates / 2)));
    }
    return [=] {
      return status_of(
          kernels::rounding_error(format, x, kLayer, {}, scales, candidates, {.threads = threads}));
    };
  });
}

void add_all() {
  for (const char* target : supported_targets()) {
    for (const int threads : {1, 2}) {
      add_statistics(target, threads);
      for (const Format& format : main_formats()) {
        for (const std::size_t candidates : {1u, 16u}) {
          if (std::string(target) == "scalar" && candidates > 1) continue;
          add_rounding_error(format, candidates, target, threads);
        }
      }
    }
  }
}

}  // namespace
}  // namespace posittune::bench

int main(int argc, char** argv) {
  posittune::bench::add_all();
  return posittune::bench::run(argc, argv);
}
