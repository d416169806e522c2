// A project of its own that uses the installed libraries: consumer MODEL.onnx

#include <cstdio>
#include <vector>

#include "posittune/base/version.h"
#include "posittune/formats/codec.h"
#include "posittune/kernels/arrays.h"
#include "posittune/model/graph.h"

int main(int argc, char** argv) {
  using namespace posittune;
  if (argc != 2) return 2;
  std::printf("version %s\n", kVersion);

  const auto format = formats::parse_format("posit<8,1>");
  if (!format) return 1;
  const std::uint32_t code = formats::encode(*format, 1.5);
  std::printf("code 0x%02x value %g\n", code, formats::decode(*format, code));

  const std::vector<float> x = {0.1F, -3, 1000}, one = {1};
  std::vector<float> y(x.size());
  if (!kernels::quantize(*format, x, {1, x.size()}, {one}, y)) return 1;
  std::printf("quantized %.9g %.9g %.9g\n", y[0], y[1], y[2]);

  const auto graph = model::load(argv[1]);
  if (!graph) {
    std::printf("%s\n", graph.error().message().c_str());
    return 1;
  }
  std::printf("layers %zu weights %zu\n", graph->layers.size(), graph->weights.size());
  return 0;
}
