// What a data set holds, as JSON on stdout, for data_peers_test.py.
// usage: data_dump DATA.yaml INPUTS.json     INPUTS: [{"name", "type", "dims"}]; the split `report`

#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "posittune/data/splits.h"
#include "posittune/data/tensor_cast.h"

namespace {

using nlohmann::json;
using namespace posittune;

std::vector<TensorInfo> read_inputs(const char* path) {
  std::ifstream file(path);
  std::vector<TensorInfo> inputs;
  for (const json& input : json::parse(file)) {
    TensorInfo info{input.at("name"), ElementType::kF32, input.at("dims")};
    while (name(info.type) != input.at("type").get<std::string>()) {
      info.type = static_cast<ElementType>(static_cast<int>(info.type) + 1);
    }
    inputs.push_back(info);
  }
  return inputs;
}

json values(Tensor tensor) {
  const auto wide = data::cast_exact(std::move(tensor), ElementType::kF64, "");
  const auto span = wide.value().as<double>();
  return std::vector<double>(span.begin(), span.end());
}

int fail(const Error& error) {
  std::cout << json{{"error", error.message()}, {"kind", static_cast<int>(error.kind)}};
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) return 2;
  const auto specs = data::read_data_yaml(arguments[1]);
  if (!specs) return fail(specs.error());
  const auto splits = data::open_splits(*specs, read_inputs(arguments[2]));
  if (!splits) return fail(splits.error());
  const data::Dataset& report = splits->report.value();
  const auto batch = report.batch(0, report.items());
  if (!batch) return fail(batch.error());
  json out{{"items", report.items()},
           {"units", report.units()},
           {"labels", report.annotations().labels},
           {"sha256", report.sha256()}};
  for (const auto& [name, tensor] : *batch) {
    out["tensors"][name] = {{"shape", tensor.shape},
                            {"type", posittune::name(tensor.type)},
                            {"values", values(tensor)}};
  }
  for (const auto& boxes : report.annotations().boxes) {
    json list = json::array();
    for (const auto& box : boxes) {
      list.push_back({box.x, box.y, box.width, box.height, box.category, box.crowd});
    }
    out["boxes"].push_back(list);
  }
  std::cout << out;
  return 0;
}
