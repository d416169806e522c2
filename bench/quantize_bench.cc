// quantize-dequantize of every format, against memcpy of the same bytes.

#include <cstring>

#include "bench.h"

namespace posittune::bench {
namespace {

using formats::Format;

constexpr double kReadAndWrite = 2 * sizeof(float);
constexpr float kOne[] = {1.0f};

void add_quantize(const std::string& name, const Format& format, const char* target, int threads,
                  std::size_t size, Data data) {
  add(name, target, threads, size, kReadAndWrite, [=]() -> Body {
    const auto x = input(data, size);
    const auto y = std::make_shared<Array<float>>(size);
    return [=] {
      return kernels::quantize(format, x, {1, size}, {kOne}, y->span(), {.threads = threads});
    };
  });
}

void add_memcpy(std::size_t size) {
  add("memcpy", "libc", 1, size, kReadAndWrite, [=]() -> Body {
    const auto x = input(Data::kNormal, size);
    const auto y = std::make_shared<Array<float>>(size);
    return [=] {
      std::memcpy(y->span().data(), x.data(), x.size_bytes());
      return success();
    };
  });
}

// The clock while it runs: one addition per cycle, each needs the one before. items/s is cycles/s.
#if defined(__x86_64__)
void add_clock() {
  constexpr std::size_t kAdditions = 1000 * 1000;
  add("clock", "additions", 1, kAdditions, 0, [=]() -> Body {
    return [=] {
      std::uint64_t sum = 0;
      for (std::size_t i = 0; i < kAdditions; i += 10) {
        asm volatile(".rept 10\n add $1, %0\n .endr" : "+r"(sum));
      }
      return success();
    };
  });
}
#endif

void add_all() {
#if defined(__x86_64__)
  add_clock();
#endif
  for (const std::size_t size : {kInCache, kLarge}) add_memcpy(size);

  for (const char* target : supported_targets()) {
    const bool scalar = std::string(target) == "scalar";
    for (const Format& format : scalar ? main_formats() : all_formats()) {
      add_quantize("quantize/" + formats::name(format), format, target, 1, kInCache, Data::kNormal);
    }
    for (const Format& format : main_formats()) {
      const std::string name = "quantize/" + formats::name(format);
      if (!scalar) add_quantize(name, format, target, 1, kLarge, Data::kNormal);
      if (!scalar) add_quantize(name, format, target, 1, kMedium, Data::kNormal);
      add_quantize(name, format, target, 2, kInCache, Data::kNormal);
      if (!scalar) add_quantize(name, format, target, 2, kLarge, Data::kNormal);
      add_quantize("quantize_relu/" + formats::name(format), format, target, 1, kInCache,
                   Data::kRelu);
    }
  }
}

}  // namespace
}  // namespace posittune::bench

int main(int argc, char** argv) {
  posittune::bench::add_all();
  return posittune::bench::run(argc, argv);
}
