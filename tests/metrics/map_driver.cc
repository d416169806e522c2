// Our mAP for map_peers_test.py.
//
//   map_driver boxes FILE
//     FILE: {"images": [{"found": [[x, y, w, h, score, class] ..],
//                        "truth": [[x, y, w, h, class, crowd] ..], "id": 7} ..], "times": [..]}
//   map_driver predictions FILE N CHANNELS CELLS TRUTH
//     FILE: raw float32 (N, CHANNELS, CELLS); TRUTH: {"images": [{"truth": ..} ..]}
//
// prints {"map": .., "map50": ..}

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "posittune/metrics/average_precision.h"
#include "posittune/metrics/scorer.h"

namespace {

using namespace posittune;
using namespace posittune::metrics;
using nlohmann::json;

records::Box box(const json& row) {
  return {row[0], row[1], row[2], row[3], row[4].get<std::int32_t>(), row[5].get<int>() != 0};
}

std::vector<records::Box> truth_of(const json& image) {
  std::vector<records::Box> boxes;
  for (const json& row : image["truth"]) boxes.push_back(box(row));
  return boxes;
}

void print(double map, double map50) {
  std::printf("{\"map\": %.17g, \"map50\": %.17g}\n", map, map50);
}

int from_boxes(const char* file) {
  std::ifstream stream(file);
  const json input = json::parse(stream);
  std::vector<ImageMatch> matches;
  std::vector<std::uint32_t> units;
  for (const json& image : input["images"]) {
    std::vector<Detection> found;
    for (const json& row : image["found"]) {
      found.push_back({row[0], row[1], row[2], row[3], row[4], row[5].get<std::int32_t>()});
    }
    units.push_back(static_cast<std::uint32_t>(units.size()));
    matches.push_back(match_image(found, truth_of(image)));
    matches.back().image_id = image["id"].get<std::int64_t>();
  }
  const auto times = input["times"].get<std::vector<std::uint32_t>>();
  const MatchTable table(matches, units, units.size());
  print(table.mean_average_precision(times, kIous), table.mean_average_precision(times, 1));
  return 0;
}

int from_predictions(char** arguments) {
  std::ifstream raw(arguments[0], std::ios::binary);
  const std::vector<char> bytes((std::istreambuf_iterator<char>(raw)), {});
  const auto number = [&](int i) { return std::strtoul(arguments[i], nullptr, 10); };
  Tensor output = Tensor::zeros(ElementType::kF32, {number(1), number(2), number(3)});
  if (bytes.size() != output.bytes.size()) return 1;
  std::memcpy(output.bytes.data(), bytes.data(), bytes.size());
  std::ifstream stream(arguments[4]);
  const json truth = json::parse(stream);
  records::Annotations annotations;
  for (const json& image : truth["images"]) annotations.boxes.push_back(truth_of(image));

  Scorer scorer(Task::kDetect, {}, annotations, {});
  const Tensors outputs = {{"predictions", output}};
  if (!scorer.add(0, {}, outputs, outputs)) return 1;
  const auto metrics = scorer.finish();
  if (!metrics) return 1;
  print(value_of(*metrics.value()[0].statistic), value_of(*metrics.value()[1].statistic));
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  const std::string what = count > 1 ? arguments[1] : "";
  if (what == "boxes" && count == 3) return from_boxes(arguments[2]);
  if (what == "predictions" && count == 7) return from_predictions(arguments + 2);
  std::fprintf(stderr, "usage: map_driver boxes FILE | predictions FILE N CHANNELS CELLS TRUTH\n");
  return 2;
}
