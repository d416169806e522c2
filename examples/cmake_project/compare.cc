// Rounds an array to posit<8,1>, then compares formats on a model: compare MODEL.onnx DATA.yaml

#include <cstdio>
#include <string>
#include <vector>

#include "posittune/posittune.h"

namespace pt = posittune;

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const auto stop = [](const pt::Error& error) {
    std::fprintf(stderr, "error: %s\n", error.message().c_str());
    return 1;
  };

  const auto posit = pt::formats::parse_format("posit<8,1>").value();
  std::vector<float> x = {0.1F, -3, 1000};
  const auto scales =
      pt::quant::choose_scales(posit, pt::quant::ScaleRule::kRmsPow2, x, {1, x.size()}, false);
  if (!scales) return stop(scales.error());
  const pt::Status rounded = pt::kernels::quantize(posit, x, {1, x.size()}, {*scales}, x);
  if (!rounded) return stop(rounded.error());
  std::printf("scale %g: %g %g %g\n", scales->front(), x[0], x[1], x[2]);

  pt::session::Observer observer;  // hears of progress and notes; this one ignores them
  auto session = pt::session::Session::open({.model = argv[1]}, {.data = argv[2], .limit = 8},
                                            {.run_folder = "run"}, observer);
  if (!session) return stop(session.error());
  const auto compared = session->compare({.formats = {"int8", "posit<8,1>", "posit<6,1>"}});
  if (!compared) return stop(compared.error());
  for (const auto& row : compared->comparison.rows)
    std::printf("%-11s %-2s %-9s KL %.3g\n", row.format.c_str(), row.what.c_str(),
                row.scale.c_str(), row.metrics.at("kl").value.value);
  return 0;
}
