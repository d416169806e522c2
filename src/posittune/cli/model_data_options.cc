#include "posittune/cli/model_data_options.h"

#include <CLI/CLI.hpp>
#include <charconv>
#include <utility>

namespace posittune::cli {
namespace {

// NAME and what stands behind the first '='.
Result<std::pair<std::string, std::string>> named(const std::string& text, const char* option, const char* form) {
  const std::size_t equals = text.find('=');
  if (equals != std::string::npos && equals > 0 && equals + 1 < text.size()) return std::pair(text.substr(0, equals), text.substr(equals + 1));
  return Error{.kind = ErrorKind::kUsage, .what = "not a name and a value", .where = option, .expected = form, .found = text};
}

Error twice(const char* option, const std::string& name) {
  return Error{.kind = ErrorKind::kUsage, .what = "a name is given twice", .where = option, .found = name};
}

}  // namespace

void declare_model_data(CLI::App& app, ModelDataOptions& options) {
  app.add_option("MODEL", options.model.model, "ONNX file, OpenVINO IR (.xml), or zoo:NAME, which brings its data")->required();
  const std::string data = "Data";
  app.add_option("--data", options.data.data, "YAML file that describes the data: keys calibrate, search and report")->group(data);
  app.add_option("--calibrate", options.data.calibrate, "calibration data: statistics of activations and scales come from it")->group(data);
  app.add_option("--search", options.data.search, "data that scores, and choices between formats, are measured on")->group(data);
  app.add_option("--report", options.data.report, "data for the results shown, used for nothing else: .npz, .txt, folder of images, COCO .json")->group(data);
  app.add_option("--tokenizer", options.data.tokenizer, "for text data: the tokenizer as OpenVINO IR (openvino_tokenizer.xml)")->group(data);
  app.add_option("--annotations", options.data.annotations, "for folders of images: COCO .json with their boxes")->group(data);
  app.add_option("--labels", options.data.labels, "for folders of images: text file with a line \"FILE LABEL\" for each image; a split of which it names no image has no labels. A folder for each class needs none")->group(data);
  app.add_option("--sequence", options.data.sequence, "for text data: tokens in each item (default: what the model fixes, else 256)")->check(CLI::Range(0, 1 << 30))->group(data);
  app.add_option("--limit", options.data.limit, "use at most this many items of each split (0: all)")->check(CLI::Range(0, 1 << 30))->group(data);
  app.add_option("--constant", options.constants,
                 "an input of the model that is the same for all items, such as a sampling rate: a number, numbers with commas between "
                 "them, or an array in a file.npy. The data then need not hold it; may be given several times")
      ->option_text("NAME=VALUE")
      ->allow_extra_args(false)
      ->group(data);
  app.add_option("--batch-axis", options.batch_axes,
                 "which axis of an input or output of the model counts the items, where it is not the first (0): x=1 for a model that "
                 "takes (time, items, features). Data files hold the items first all the same; may be given several times")
      ->option_text("NAME=AXIS")
      ->allow_extra_args(false)
      ->group(data);
  const std::string layers = "Layers";
  app.add_option("--include", options.model.selection.include,
                 "quantize only layers whose name, or whose weight's name, matches one of these")
      ->option_text("REGEX")
      ->allow_extra_args(false)
      ->group(layers);
  app.add_option("--exclude", options.model.selection.exclude, "keep layers that match one of these in FP32")
      ->option_text("REGEX")
      ->allow_extra_args(false)
      ->group(layers);
  app.add_flag("--attention", options.model.selection.attention, "also the products of attention (MatMuls of two activations)")->group(layers);
  app.add_option("--threads", options.threads, "processor threads to use (0: all)")->check(CLI::Range(0, 1024));
}

Result<session::ModelSpec> model_spec(const ModelDataOptions& options) {
  session::ModelSpec spec = options.model;
  for (const std::string& text : options.constants) {
    auto entry = named(text, "--constant", "NAME=VALUE, as sr=16000, scales=0.667,1,0.8 or x=array.npy");
    if (!entry) return entry.error();
    if (!spec.constants.insert(*entry).second) return twice("--constant", entry->first);
  }
  for (const std::string& text : options.batch_axes) {
    auto entry = named(text, "--batch-axis", "NAME=AXIS, as x=1");
    if (!entry) return entry.error();
    std::size_t axis = 0;
    const char* end = entry->second.data() + entry->second.size();
    const auto [stop, error] = std::from_chars(entry->second.data(), end, axis);
    if (error != std::errc{} || stop != end) {
      return Error{.kind = ErrorKind::kUsage, .what = "not an axis", .where = "--batch-axis", .expected = "0, 1, ...", .found = text};
    }
    if (!spec.batch_axes.emplace(entry->first, axis).second) return twice("--batch-axis", entry->first);
  }
  return spec;
}

Result<session::Session> open_session(const ModelDataOptions& options, const std::string& run_folder, const std::vector<std::string>& arguments,
                                      session::Observer& observer) {
  auto model = model_spec(options);
  if (!model) return model.error();
  session::Options with{.threads = options.threads, .run_folder = run_folder, .command_line = {"posittune"}};
  with.command_line.insert(with.command_line.end(), arguments.begin(), arguments.end());
  return session::Session::open(*model, options.data, with, observer);
}

}  // namespace posittune::cli
