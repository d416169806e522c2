// The choice of a scale for each row of a layer.

#include <string>

#include "bench.h"
#include "posittune/quant/scale_rules.h"

namespace posittune::bench {
namespace {

// The second layer of a GPT-2 block's MLP, and the first.
constexpr kernels::Shape kShapes[] = {{768, 3072}, {3072, 768}};

void add_choice(const formats::Format& format, quant::ScaleRule rule, kernels::Shape shape,
                const char* target, int threads) {
  const std::string name = "choose_scales/" + formats::name(format) + "/" +
                           std::string(quant::name(rule)) +
                           "/columns:" + std::to_string(shape.cols);
  add(name, target, threads, shape.size(), sizeof(float), [=]() -> Body {
    const auto x = input(Data::kNormal, shape.size());
    return [=]() -> Status {
      const auto scales = quant::choose_scales(format, rule, x, shape, true, {}, {threads});
      if (!scales) return scales.error();
      benchmark::DoNotOptimize(scales->data());
      return success();
    };
  });
}

void add_all() {
  for (const char* name : {"posit<8,1>", "posit<6,1>", "posit<16,2>", "fp8_e4m3", "int8", "int4"}) {
    const formats::Format format = formats::parse_format(name).value();
    for (const auto rule : {quant::ScaleRule::kMsePow2, quant::ScaleRule::kMse}) {
      for (const kernels::Shape shape : kShapes)
        add_choice(format, rule, shape, supported_targets().front(), 1);
    }
  }
}

}  // namespace
}  // namespace posittune::bench

int main(int argc, char** argv) {
  posittune::bench::add_all();
  return posittune::bench::run(argc, argv);
}
