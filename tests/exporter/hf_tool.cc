// Quantizes a folder of transformers and exports it, for tests in Python:
//
//     hf_tool FORM SOURCE OUTPUT TENSOR=FORMAT:GRANULARITY...     FORM: fp32, fp16, compressed,
//                                                                 compressed-snap
//     hf_tool gguf NAME...       the names in GGUF files, one a line
//
// Matrices of tensors that end in "@" are stored with a column for each output. OUTPUT.posit is the
// archive of the numbers. Notes go to stdout.

#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "posittune/exporter/archive.h"
#include "posittune/exporter/compressed_export.h"
#include "posittune/exporter/gguf_types.h"
#include "posittune/exporter/hf_folder.h"
#include "posittune/exporter/transformers_export.h"
#include "posittune/formats/codec.h"
#include "posittune/kernels/arrays.h"

namespace {

using namespace posittune;

[[noreturn]] void fail(const Error& error) {
  std::fprintf(stderr, "error: %s\n", error.message().c_str());
  std::exit(static_cast<int>(error.kind) + 10);
}
template <class T>
T take(Result<T> result) {
  if (!result) fail(result.error());
  return std::move(*result);
}

struct Spec {
  std::string tensor;
  bool turned = false;
  quant::WeightSetting setting;
};

Spec parse(std::string text) {
  Spec spec;
  const std::size_t equals = text.find('='), colon = text.find(':', equals);
  spec.tensor = text.substr(0, equals);
  spec.turned = spec.tensor.ends_with("@");
  if (spec.turned) spec.tensor.pop_back();
  spec.setting.format = take(formats::parse_format(text.substr(equals + 1, colon - equals - 1)));
  (void)take(quant::parse_granularity(text.substr(colon + 1), spec.setting));
  return spec;
}

// The scale that brings the largest of some numbers to the largest value; a power of two for
// posits; 1 for blocks and wide floats.
float scale_of(const formats::Format& format, const float* x, std::size_t count) {
  if (format.block > 0 || (format.family == formats::Family::kFloat && format.bits > 8)) return 1;
  float largest = 1e-9F;
  for (std::size_t i = 0; i < count; ++i) largest = std::max(largest, std::fabs(x[i]));
  if (format.family == formats::Family::kPosit) return std::exp2(-std::floor(std::log2(largest)));
  return static_cast<float>(formats::traits(format).max) / largest;
}

engine::QuantizedWeight quantized(const std::vector<float>& x, std::size_t rows, std::size_t cols,
                                  const quant::WeightSetting& setting) {
  const bool grouped = setting.granularity == quant::Granularity::kGroup;
  const std::size_t stretch = grouped                                              ? setting.group
                              : setting.granularity == quant::Granularity::kTensor ? rows * cols
                                                                                   : cols;
  engine::RowRun run{0, rows, setting.format, {}};
  for (std::size_t at = 0; at < x.size(); at += stretch)
    run.scales.push_back(scale_of(setting.format, x.data() + at, stretch));
  engine::QuantizedWeight made;
  made.rows = rows;
  made.cols = cols;
  made.group = grouped ? setting.group : 0;
  const kernels::Scales scales{run.scales, made.group};
  if (setting.format.block > 0) {
    made.exponents.resize(rows * ((cols + 31) / 32));
    std::vector<std::uint8_t> codes(x.size());
    (void)take(kernels::encode<std::uint8_t>(setting.format, x, {rows, cols}, scales, codes,
                                             made.exponents));
    made.codes.assign(codes.begin(), codes.end());
  } else {
    made.codes.resize(x.size());
    (void)take(kernels::encode<std::uint32_t>(setting.format, x, {rows, cols}, scales, made.codes));
  }
  made.runs.push_back(std::move(run));
  return made;
}

void add(const exporter::HfFolder& folder, const Spec& spec, exporter::PortableModel& model) {
  const std::string tensor = folder.find(spec.tensor).value_or("");
  if (tensor.empty()) fail({.kind = ErrorKind::kInput, .what = "no tensor " + spec.tensor});
  const auto& shape = folder.entry(tensor).shape;
  std::vector<float> x = take(folder.floats(tensor));
  std::size_t rows = shape[0], cols = x.size() / rows;
  if (spec.turned) {
    std::vector<float> turned(x.size());
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t c = 0; c < cols; ++c) turned[c * rows + r] = x[r * cols + c];
    }
    x = std::move(turned);
    std::swap(rows, cols);
  }
  exporter::PortableWeight& weight = model.weights[spec.tensor];
  weight.codes = take(exporter::coded(quantized(x, rows, cols, spec.setting)));
  weight.shape = {shape.begin(), shape.end()};
  weight.layout.rows = {{rows, spec.turned ? std::size_t{1} : cols}};
  weight.layout.cols = {{cols, spec.turned ? rows : std::size_t{1}}};
  weight.readers = {spec.tensor};
  model.recipe.weights[spec.tensor] = spec.setting;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::string(argv[1]) == "gguf") {
    for (int i = 2; i < argc; ++i)
      std::printf("%s\n", exporter::gguf_name(argv[i]).value_or("-").c_str());
    return 0;
  }
  if (argc < 4) return 2;
  const std::string form = argv[1], source = argv[2], output = argv[3];
  const exporter::HfFolder folder = take(exporter::HfFolder::open(source));
  exporter::PortableModel model;
  for (int i = 4; i < argc; ++i) {
    std::string text = argv[i];
    const bool tokens = text.ends_with("+int8");  // inputs too
    if (tokens) text.resize(text.size() - 5);
    const Spec spec = parse(text);
    add(folder, spec, model);
    if (tokens) {
      model.recipe.activations[spec.tensor] = {.format = formats::integer(8),
                                               .scale = quant::ActivationScale::kToken};
      model.inputs[spec.tensor] = {};
    }
  }
  (void)take(exporter::write_archive(model, output + ".posit"));
  const exporter::ExportedFolder made =
      take(form == "fp32" || form == "fp16"
               ? exporter::export_transformers(source, model, {.half = form == "fp16"}, output)
               : exporter::export_compressed_tensors(source, model,
                                                     {.snap = form == "compressed-snap"}, output));
  for (const std::string& note : made.notes) std::printf("%s\n", note.c_str());
  return 0;
}
