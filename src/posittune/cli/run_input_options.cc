#include "posittune/cli/run_input_options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace posittune::cli {
namespace {

// NAME and what stands behind the first '='.
Result<std::pair<std::string, std::string>> named(const std::string& text, const char* option,
                                                  const char* form,
                                                  const char* what = "not a name and a value") {
  const std::size_t equals = text.find('=');
  if (equals != std::string::npos && equals > 0 && equals + 1 < text.size())
    return std::pair(text.substr(0, equals), text.substr(equals + 1));
  return Error{
      .kind = ErrorKind::kUsage, .what = what, .where = option, .expected = form, .found = text};
}

// "1,256"; no items are no run, but a cache may be empty: "1,8,0,64"
std::optional<TensorShape> parse_shape(const std::string& text) {
  TensorShape shape;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    std::size_t value = 0;
    const auto [end, error] = std::from_chars(text.data() + at, text.data() + comma, value);
    const bool whole = error == std::errc{} && end == text.data() + comma;
    if (!whole || (value == 0 && shape.empty()) || value >= (1U << 30)) return std::nullopt;
    shape.push_back(value);
    at = comma + 1;
  }
  return shape;
}

Error twice(const char* option, const std::string& name) {
  return Error{
      .kind = ErrorKind::kUsage, .what = "a name is given twice", .where = option, .found = name};
}

}  // namespace

void declare_run_inputs(CLI::App& app, RunInputOptions& options, const std::string& group) {
  auto* constant = app.add_option("--constant", options.constants,
                                  "an input of the model that is the same for all items, such as a "
                                  "sampling rate: a number, numbers with commas between them, or "
                                  "an array in a file.npy. The data then need not hold it; may be "
                                  "given several times")
                       ->option_text("NAME=VALUE")
                       ->allow_extra_args(false);
  auto* axis = app.add_option("--batch-axis", options.batch_axes,
                              "which axis of an input or output of the model counts the items, "
                              "where it is not the first (0): x=1 for a "
                              "model that takes (time, items, features). Data files and --shape "
                              "still have the items first; may be given several times")
                   ->option_text("NAME=AXIS")
                   ->allow_extra_args(false);
  if (group.empty()) return;
  constant->group(group);
  axis->group(group);
}

Status add_run_inputs(const RunInputOptions& options, session::ModelSpec& spec) {
  for (const std::string& text : options.constants) {
    auto entry =
        named(text, "--constant", "NAME=VALUE, as sr=16000, scales=0.667,1,0.8 or x=array.npy");
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
      return Error{.kind = ErrorKind::kUsage,
                   .what = "not an axis",
                   .where = "--batch-axis",
                   .expected = "0, 1, ...",
                   .found = text};
    }
    if (!spec.batch_axes.emplace(entry->first, axis).second)
      return twice("--batch-axis", entry->first);
  }
  return success();
}

void declare_shapes(CLI::App& app, std::vector<std::string>& texts) {
  app.add_option("--shape", texts,
                 "shape of an input, for MACs: NAME=D0,D1,... (default: 1 for each open dimension)")
      ->option_text("NAME=DIMS")
      ->allow_extra_args(false);
}

Result<std::map<std::string, TensorShape>> parse_shapes(const std::vector<std::string>& texts) {
  std::map<std::string, TensorShape> shapes;
  for (const std::string& text : texts) {
    auto entry = named(text, "--shape", "NAME=D0,D1,...", "not an input shape");
    if (!entry) return entry.error();
    auto shape = parse_shape(entry->second);
    if (!shape) {
      return Error{.kind = ErrorKind::kUsage,
                   .what = "not an input shape",
                   .where = "--shape",
                   .expected = "NAME=D0,D1,...",
                   .found = text};
    }
    if (!shapes.emplace(entry->first, std::move(*shape)).second)
      return twice("--shape", entry->first);
  }
  return shapes;
}

}  // namespace posittune::cli
