#include "posittune/data/data_yaml.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "posittune/base/edit_distance.h"
#include "posittune/base/files.h"
#include "posittune/base/memory.h"
#include "posittune/data/kinds.h"

namespace posittune::data {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxFile = std::uint64_t{1} << 20;
constexpr std::size_t kMaxText = 4096;  // of one value

// A place in the file: "data.yaml, line 3, report.preprocessing".
struct Place {
  std::string file, key;

  Place of(const std::string& child) const {
    return {file, key.empty() ? child : key + "." + child};
  }
  std::string at(const YAML::Node& node) const {
    const int line = node.Mark().line;
    return file + (line >= 0 ? ", line " + std::to_string(line + 1) : "") +
           (key.empty() ? "" : ", " + key);
  }
  Error error(const YAML::Node& node, const std::string& what, const std::string& expected,
              const std::string& found = {}, const std::string& hint = {}) const {
    return {.kind = ErrorKind::kUsage,
            .what = what,
            .where = at(node),
            .expected = expected,
            .found = found,
            .hint = hint};
  }
};

std::string shown(const YAML::Node& node) {
  if (!node.IsScalar()) return node.IsSequence() ? "a list" : node.IsMap() ? "a map" : "nothing";
  std::string text = node.Scalar().substr(0, 60);
  for (char& c : text) {
    if (c >= 0 && c < 0x20) c = '?';
  }
  return "'" + text + "'";
}

using Reader = std::function<Status(const YAML::Node&, const Place&)>;
struct Field {
  std::string_view key;
  Reader read;
};

Error unknown_key(const YAML::Node& key, const Place& place, std::span<const Field> fields) {
  const std::string found = key.IsScalar() ? key.Scalar().substr(0, 60) : "";
  std::string known, nearest;
  std::size_t best = SIZE_MAX;
  for (const Field& field : fields) {
    known += (known.empty() ? "" : ", ") + std::string(field.key);
    const std::size_t distance = edit_distance(std::string_view(found), field.key);
    if (distance < best) {
      best = distance;
      nearest = field.key;
    }
  }
  return place.error(key, "unknown key " + shown(key), known, "",
                     best * 2 <= nearest.size() ? "did you mean '" + nearest + "'?" : "");
}

Status read_map(const YAML::Node& node, const Place& place, std::span<const Field> fields) {
  if (!node.IsMap()) return place.error(node, "not a map of keys", "KEY: VALUE", shown(node));
  std::set<std::string> seen;
  for (const auto& entry : node) {
    const auto field = std::find_if(fields.begin(), fields.end(), [&](const Field& f) {
      return entry.first.IsScalar() && entry.first.Scalar() == f.key;
    });
    if (field == fields.end()) return unknown_key(entry.first, place, fields);
    const std::string key(field->key);
    if (!seen.insert(key).second) {
      return place.error(entry.first, "key stands twice", "each key once", "'" + key + "'");
    }
    if (Status s = field->read(entry.second, place.of(key)); !s) return s;
  }
  return success();
}

Reader text(std::string& out) {
  return [&out](const YAML::Node& node, const Place& place) -> Status {
    if (!node.IsScalar() || node.Scalar().size() > kMaxText) {
      return place.error(node, "value is no text", "text", shown(node));
    }
    out = node.Scalar();
    return success();
  };
}

Reader path(std::string& out, const fs::path& folder) {
  return [&out, folder](const YAML::Node& node, const Place& place) -> Status {
    if (Status s = text(out)(node, place); !s) return s;
    if (out.empty() || out.find('\0') != std::string::npos) {
      return place.error(node, "value is no path", "a path", shown(node));
    }
    out = (folder / out).lexically_normal().string();
    if (out.size() > 1 && out.ends_with('/')) out.pop_back();
    return success();
  };
}

Reader count(std::size_t& out) {
  return [&out](const YAML::Node& node, const Place& place) -> Status {
    std::int64_t number = 0;
    if (!node.IsScalar() || !YAML::convert<std::int64_t>::decode(node, number) || number < 1) {
      return place.error(node, "value is no count", "an integer of at least 1", shown(node));
    }
    out = static_cast<std::size_t>(number);
    return success();
  };
}

Reader number(double& out, bool positive) {
  return [&out, positive](const YAML::Node& node, const Place& place) -> Status {
    if (!node.IsScalar() || !YAML::convert<double>::decode(node, out) || !std::isfinite(out) ||
        (positive && out <= 0)) {
      return place.error(node, "value is no number", positive ? "a number above 0" : "a number",
                         shown(node));
    }
    return success();
  };
}

// One number for all channels, or a list of three.
Reader channels(std::array<double, 3>& out, bool positive) {
  return [&out, positive](const YAML::Node& node, const Place& place) -> Status {
    if (!node.IsSequence()) {
      const Status s = number(out[0], positive)(node, place);
      out[1] = out[2] = out[0];
      return s;
    }
    if (node.size() != 3) {
      return place.error(node, "not a number for each channel", "a list of 3 numbers",
                         std::to_string(node.size()) + " numbers");
    }
    for (std::size_t c = 0; c < 3; ++c) {
      if (Status s = number(out[c], positive)(node[c], place); !s) return s;
    }
    return success();
  };
}

Reader size(Preprocessing& out) {
  return [&out](const YAML::Node& node, const Place& place) -> Status {
    if (!node.IsSequence()) {
      const Status s = count(out.height)(node, place);
      out.width = out.height;
      return s;
    }
    if (node.size() != 2) {
      return place.error(node, "not a size", "N or [height, width]",
                         std::to_string(node.size()) + " numbers");
    }
    if (Status s = count(out.height)(node[0], place); !s) return s;
    return count(out.width)(node[1], place);
  };
}

std::vector<std::string_view> kind_names() {
  std::vector<std::string_view> names = {name(DataKind::kAuto)};
  for (const KindEntry& each : kinds()) names.push_back(each.name);
  return names;
}

// One of `names`; choose() gets its position.
Reader choice(std::vector<std::string_view> names, std::function<void(std::size_t)> choose) {
  return [names = std::move(names), choose](const YAML::Node& node, const Place& place) -> Status {
    std::string known;
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (node.IsScalar() && node.Scalar() == names[i]) {
        choose(i);
        return success();
      }
      known += (i == 0 ? "" : ", ") + std::string(names[i]);
    }
    return place.error(node, "unknown value " + shown(node), known);
  };
}

Reader preprocessing(Preprocessing& out) {
  return [&out](const YAML::Node& node, const Place& place) {
    const std::vector<Field> fields = {
        {"size", size(out)},
        {"resize", choice({name(Resize::kNone), name(Resize::kStretch), name(Resize::kLetterbox),
                           name(Resize::kCenterCrop)},
                          [&](std::size_t i) { out.resize = static_cast<Resize>(i); })},
        {"short_side", count(out.short_side)},
        {"pad", number(out.pad, false)},
        {"scale", number(out.scale, true)},
        {"mean", channels(out.mean, false)},
        {"std", channels(out.std, true)},
        {"channels", choice({"rgb", "bgr"}, [&](std::size_t i) { out.bgr = i == 1; })},
        {"layout", choice({"nchw", "nhwc"}, [&](std::size_t i) { out.nhwc = i == 1; })},
    };
    return read_map(node, place, fields);
  };
}

Reader hash(std::string& out) {
  return [&out](const YAML::Node& node, const Place& place) -> Status {
    if (Status s = text(out)(node, place); !s) return s;
    if (out.size() == 64 && out.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos) {
      return success();
    }
    return place.error(node, "value is no SHA-256", "64 hexadecimal digits", shown(node));
  };
}

Reader split(std::optional<DataSpec>& out, const fs::path& folder) {
  return [&out, folder](const YAML::Node& node, const Place& place) -> Status {
    DataSpec spec;
    if (node.IsScalar()) {
      if (Status s = path(spec.path, folder)(node, place); !s) return s;
      out = std::move(spec);
      return success();
    }
    std::string start;
    const std::vector<Field> fields = {
        {"kind",
         choice(kind_names(), [&](std::size_t i) { spec.kind = *data_kind(kind_names()[i]); })},
        {"path", path(spec.path, folder)},
        {"images", path(spec.images, folder)},
        {"annotations", path(spec.annotations, folder)},
        {"labels", path(spec.labels, folder)},
        {"tokenizer", path(spec.tokenizer, folder)},
        {"tokenizer_library", path(spec.tokenizer_library, folder)},
        {"document_start",
         [&](const YAML::Node& value, const Place& at) -> Status {
           const Status s = text(start)(value, at);
           if (s) spec.document_start = start;
           return s;
         }},
        {"sequence", count(spec.sequence)},
        {"limit", count(spec.limit)},
        {"sha256", hash(spec.sha256)},
        {"preprocessing", preprocessing(spec.preprocessing)},
    };
    if (Status s = read_map(node, place, fields); !s) return s;
    if (spec.path.empty()) return place.error(node, "split has no path", "path: FILE or FOLDER");
    out = std::move(spec);
    return success();
  };
}

// A map of names, as in `example`; `read` takes what each stands for.
Reader each_name(
    const std::string& example,
    std::function<Status(const std::string& name, const YAML::Node& value, const Place& place)>
        read) {
  const std::string hint = "write `" + example + "`";
  return [hint, read = std::move(read)](const YAML::Node& node, const Place& place) -> Status {
    if (!node.IsMap())
      return place.error(node, "not a map of names", "NAME: VALUE", shown(node), hint);
    std::set<std::string> seen;
    for (const auto& entry : node) {
      if (!entry.first.IsScalar())
        return place.error(entry.first, "not a name", "NAME: VALUE", shown(entry.first), hint);
      const std::string& name = entry.first.Scalar();
      if (!seen.insert(name).second) {
        return place.error(entry.first, "name stands twice", "each name once", shown(entry.first),
                           "leave one of them");
      }
      if (Status s = read(name, entry.second, place.of(name)); !s) return s;
    }
    return success();
  };
}

// Numbers are read when the model's input is known; here only what can be none is refused.
Status constant_value(const YAML::Node& node, const Place& place, std::string& out) {
  const auto refuse = [&](const YAML::Node& at, const std::string& found) {
    return place.error(at, "value is no constant", "a number, a list of numbers, or a file.npy",
                       found, "an array of more axes goes in a file.npy (numpy.save)");
  };
  if (node.IsScalar() && node.Scalar().size() <= kMaxText) {
    out = node.Scalar();
    return success();
  }
  if (!node.IsSequence()) return refuse(node, node.IsScalar() ? "a long text" : shown(node));
  if (node.size() == 0) return refuse(node, "an empty list");
  for (const auto& each : node) {
    double number = 0;
    if (!each.IsScalar() || !YAML::convert<double>::decode(each, number))
      return refuse(each, shown(each) + " in a list");
    out += (out.empty() ? "" : ",") + each.Scalar();
  }
  return success();
}

Reader constants(ConstantTexts& out, const fs::path& folder) {
  return each_name("constants: {INPUT: 16000}",
                   [&out, folder](const std::string& name, const YAML::Node& node,
                                  const Place& place) -> Status {
                     if (Status s = constant_value(node, place, out[name]); !s) return s;
                     return out[name].ends_with(".npy") ? path(out[name], folder)(node, place)
                                                        : success();
                   });
}

Reader batch_axes(std::map<std::string, std::size_t>& out) {
  return each_name(
      "batch_axis: {INPUT_OR_OUTPUT: 1}",
      [&out](const std::string& name, const YAML::Node& node, const Place& place) -> Status {
        std::int64_t axis = 0;
        if (!node.IsScalar() || !YAML::convert<std::int64_t>::decode(node, axis) || axis < 0) {
          return place.error(node, "value is no axis", "an integer of at least 0", shown(node),
                             "0 is the first axis of the input or output");
        }
        out[name] = static_cast<std::size_t>(axis);
        return success();
      });
}

Result<std::string> read_small(const std::string& file_path) {
  const auto file = InputFile::open(file_path);
  if (!file) return file.error();
  if (file->size() > kMaxFile) {
    return Error{.kind = ErrorKind::kInput,
                 .what = "file is too large for a description of data",
                 .where = file_path,
                 .expected = "at most " + std::to_string(kMaxFile) + " bytes",
                 .found = std::to_string(file->size()) + " bytes"};
  }
  std::string bytes(file->size(), '\0');
  if (Status s = file->read_at(0, std::as_writable_bytes(std::span(bytes.data(), bytes.size())));
      !s) {
    return s.error();
  }
  return bytes;
}

}  // namespace

Result<SplitSpecs> read_data_yaml(const std::string& file_path) {
  const auto bytes = read_small(file_path);
  if (!bytes) return bytes.error();
  try {
    const YAML::Node root = YAML::Load(*bytes);
    const Place place{file_path, ""};
    const fs::path folder = fs::path(file_path).parent_path();
    SplitSpecs splits;
    const std::vector<Field> fields = {{"calibrate", split(splits.calibrate, folder)},
                                       {"search", split(splits.search, folder)},
                                       {"report", split(splits.report, folder)},
                                       {"constants", constants(splits.constants, folder)},
                                       {"batch_axis", batch_axes(splits.batch_axes)}};
    if (Status s = read_map(root, place, fields); !s) return s.error();
    if (!splits.calibrate && !splits.search && !splits.report) {
      return place.error(root, "no split is named", "calibrate, search or report");
    }
    return splits;
  } catch (const YAML::Exception& problem) {
    return Error{
        .kind = ErrorKind::kInput,
        .what = "not a YAML file",
        .where = file_path +
                 (problem.mark.line >= 0 ? ", line " + std::to_string(problem.mark.line + 1) : ""),
        .found = problem.msg};
  } catch (const std::exception& problem) {
    if (memory_ended(problem.what())) return out_of_memory(file_path);
    return Error{.kind = ErrorKind::kInput,
                 .what = "not a YAML file",
                 .where = file_path,
                 .found = problem.what()};
  }
}

}  // namespace posittune::data
