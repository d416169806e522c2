// Writes archives for other readers, each FOLDER/NAME.posit with FOLDER/NAME.values: the decoded
// weights as float32, in the order of their names.
//
//     archive_tool FOLDER TILE     TILE: a tile file (rtl/doc/README.md), inside a weight `tile`

#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "posittune/exporter/archive.h"
#include "tests/exporter/portable_models.h"

namespace {

using namespace posittune;
using test::RunSpec;

void require(const Status& status) {
  if (status) return;
  std::fprintf(stderr, "error: %s\n", status.error().message().c_str());
  std::exit(1);
}

void write(const std::string& folder, const std::string& name,
           const exporter::PortableModel& model) {
  require(exporter::write_archive(model, folder + "/" + name + ".posit"));
  std::ofstream values(folder + "/" + name + ".values", std::ios::binary);
  for (const auto& [weight, part] : model.weights) {
    const std::vector<float> decoded = exporter::decoded(part.codes).value();
    values.write(reinterpret_cast<const char*>(decoded.data()),
                 static_cast<std::streamsize>(decoded.size() * sizeof(float)));
  }
}

std::vector<std::string> all_formats() {
  std::vector<std::string> names;
  for (int bits = 2; bits <= 16; ++bits) {
    names.push_back("int" + std::to_string(bits));
    for (int es = 0; es <= 4; ++es)
      names.push_back("posit<" + std::to_string(bits) + "," + std::to_string(es) + ">");
  }
  for (const char* name : {"posit<8,1>ftz", "posit<17,1>", "posit<24,2>", "posit<32,0>",
                           "posit<32,2>", "posit<32,4>", "fp32", "fp16", "bf16"})
    names.emplace_back(name);
  for (int exp_bits = 2; exp_bits <= 8; ++exp_bits) {
    for (int man_bits = 1; 1 + exp_bits + man_bits <= 14; ++man_bits) {
      const std::string name = "fp" + std::to_string(1 + exp_bits + man_bits) + "_e" +
                               std::to_string(exp_bits) + "m" + std::to_string(man_bits);
      if (const auto format = formats::parse_format(name)) names.push_back(formats::name(*format));
    }
  }
  for (const formats::Format& format : formats::known_formats())
    names.push_back(formats::name(format));
  return names;
}

// Each format with every code, or random ones where there are more than 2^12; NaN too.
exporter::PortableModel of_formats() {
  exporter::PortableModel model;
  for (const std::string& name : all_formats()) {
    constexpr std::size_t kCols = 64;
    engine::QuantizedWeight weight =
        test::invented({{name, 64, RunSpec::kRows, model.weights.size() % 2 == 0}}, kCols);
    if (test::format(name).bits <= 12) {
      const std::uint32_t mask = (1U << test::format(name).bits) - 1;
      for (std::size_t i = 0; i < weight.codes.size(); ++i)
        weight.codes[i] = static_cast<std::uint32_t>(i) & mask;
    }
    for (std::size_t i = 0; i < weight.exponents.size(); ++i)
      weight.exponents[i] = static_cast<std::uint8_t>(2 * i);    // 0, 2, ... 254 and again
    if (weight.exponents.size() > 1) weight.exponents[1] = 255;  // NaN
    model.weights[name] = test::portable(weight);
  }
  return model;
}

// The tile's weights at column 5 of row 3 of a larger array: inputs are its rows.
exporter::PortableModel of_tile(const std::string& path) {
  constexpr std::size_t kRow = 3, kCol = 5, kInputs = 16, kOutputs = 24;
  std::string name, line;
  std::vector<std::vector<std::uint32_t>> tile;
  for (std::ifstream file(path); std::getline(file, line);) {
    std::istringstream words(line);
    std::string first;
    words >> first;
    if (first == "format") words >> name;
    if (first == "w") tile.emplace_back();
    for (std::uint32_t code = 0; first == "w" && words >> std::hex >> code;)
      tile.back().push_back(code);
  }
  engine::QuantizedWeight weight = test::invented({{name, kOutputs, RunSpec::kRows}}, kInputs);
  for (std::size_t r = 0; r < tile.size(); ++r) {
    for (std::size_t c = 0; c < tile[r].size(); ++c)
      weight.codes[(kCol + c) * kInputs + kRow + r] = tile[r][c];
  }
  exporter::PortableModel model;
  model.weights["tile"] = test::portable(weight);
  model.weights["wide"] = test::portable(test::invented({{"fp16", 4, RunSpec::kOne}}, 4));
  return model;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  write(argv[1], "all", test::invented_model());
  write(argv[1], "formats", of_formats());
  write(argv[1], "tile", of_tile(argv[2]));
  return 0;
}
