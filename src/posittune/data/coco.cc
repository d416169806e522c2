#include "posittune/data/coco.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <span>
#include <utility>

#include "posittune/base/files.h"

namespace posittune::data {
namespace {

using Json = nlohmann::json;

constexpr std::uint64_t kMaxFile = std::uint64_t{1} << 30;
constexpr std::int64_t kMaxSide = std::int64_t{1} << 24;

Error bad_json(const std::string& path, const std::string& place, const std::string& what,
               const std::string& expected = {}, const std::string& found = {}) {
  return {.kind = ErrorKind::kInput,
          .what = what,
          .where = path + (place.empty() ? "" : ", " + place),
          .expected = expected,
          .found = found};
}

// One entry of a list, and the errors about it.
struct Entry {
  const std::string& path;
  std::string place;
  const Json& json;

  Error error(const std::string& field, const std::string& expected) const {
    const bool missing = !json.is_object() || !json.contains(field);
    return bad_json(path, place + "/" + field,
                    missing ? "field is missing" : "field does not hold what it should", expected,
                    missing ? "" : shown(json.at(field)));
  }
  // Lists and objects by their kind only: printing is recursive, and a file may nest them deeply.
  static std::string shown(const Json& value) {
    return value.is_structured()
               ? std::string(value.type_name()) + " of " + std::to_string(value.size())
               : value.dump(-1, ' ', true, Json::error_handler_t::replace).substr(0, 60);
  }
  std::optional<std::int64_t> integer(const std::string& field) const {
    const Json* value = find(field);
    if (value == nullptr || !value->is_number_integer()) return {};
    if (value->is_number_unsigned() && value->get<std::uint64_t>() > INT64_MAX) return {};
    return value->get<std::int64_t>();
  }
  std::optional<std::string> text(const std::string& field) const {
    const Json* value = find(field);
    return value != nullptr && value->is_string() ? std::optional(value->get<std::string>())
                                                  : std::nullopt;
  }
  const Json* find(const std::string& field) const {
    if (!json.is_object()) return nullptr;
    const auto found = json.find(field);
    return found == json.end() ? nullptr : &*found;
  }
};

Result<Json> parse(const std::string& path) {
  const auto file = InputFile::open(path);
  if (!file) return file.error();
  if (file->size() > kMaxFile) {
    return Error{.kind = ErrorKind::kResource, .what = "annotations are too large", .where = path};
  }
  std::string text(file->size(), '\0');
  if (Status s = file->read_at(0, std::as_writable_bytes(std::span(text.data(), text.size())));
      !s) {
    return s.error();
  }
  try {
    Json json = Json::parse(text);
    if (json.is_object()) return Result<Json>(std::move(json));
    return bad_json(path, "", "not COCO annotations", "an object with images and annotations");
  } catch (const Json::exception& problem) {
    return bad_json(path, "", "not a JSON file, or truncated", "COCO annotations", problem.what());
  }
}

// Calls each(entry) for the entries of the list json[field].
template <class Each>
Status for_entries(const std::string& path, const Json& json, const std::string& field, Each each) {
  const auto list = json.find(field);
  if (list == json.end() || !list->is_array()) {
    return bad_json(path, "/" + field, "list is missing", "COCO annotations");
  }
  for (std::size_t i = 0; i < list->size(); ++i) {
    const Entry entry{path, "/" + field + "/" + std::to_string(i), (*list)[i]};
    if (Status s = each(entry); !s) return s;
  }
  return success();
}

using Numbers = std::map<std::int64_t, std::size_t>;  // id -> position

Status read_categories(const std::string& path, const Json& json, Coco& coco, Numbers& numbers) {
  std::map<std::int64_t, std::string> names;
  Status status = for_entries(path, json, "categories", [&](const Entry& entry) -> Status {
    const auto id = entry.integer("id");
    if (!id) return entry.error("id", "an integer");
    if (!names.emplace(*id, entry.text("name").value_or("")).second) {
      return entry.error("id", "an id that no other category has");
    }
    return success();
  });
  if (!status) return status;
  for (const auto& [id, name] : names) {
    numbers.emplace(id, coco.categories.size());
    coco.categories.push_back(id);
    coco.category_names.push_back(name);
  }
  return success();
}

Status read_images(const std::string& path, const Json& json, Coco& coco, Numbers& numbers) {
  std::set<std::string> files;
  Status status = for_entries(path, json, "images", [&](const Entry& entry) -> Status {
    const auto id = entry.integer("id");
    if (!id) return entry.error("id", "an integer");
    const auto file = entry.text("file_name");
    if (!file || file->empty() || file->find('\0') != std::string::npos) {
      return entry.error("file_name", "the name of an image file");
    }
    if (!files.insert(*file).second) return entry.error("file_name", "each image once");
    CocoImage image{*id, *file, {}, {}};
    for (auto [field, side] :
         {std::pair("width", &image.size.width), std::pair("height", &image.size.height)}) {
      if (entry.find(field) == nullptr) continue;
      const auto pixels = entry.integer(field);
      if (!pixels || *pixels < 1 || *pixels > kMaxSide) return entry.error(field, "pixels");
      *side = static_cast<std::size_t>(*pixels);
    }
    if (!numbers.emplace(*id, coco.images.size()).second) {
      return entry.error("id", "an id that no other image has");
    }
    coco.images.push_back(std::move(image));
    return success();
  });
  if (!status) return status;
  if (coco.images.empty()) return bad_json(path, "/images", "list is empty", "at least one image");
  return success();
}

// [x, y, width, height]
std::optional<records::Box> read_box(const Entry& entry) {
  const Json* list = entry.find("bbox");
  if (list == nullptr || !list->is_array() || list->size() != 4) return {};
  float sides[4];
  for (std::size_t i = 0; i < 4; ++i) {
    if (!(*list)[i].is_number()) return {};
    const double side = (*list)[i].get<double>();
    if (!(std::abs(side) <= static_cast<double>(kMaxSide)) || (i >= 2 && side < 0)) return {};
    sides[i] = static_cast<float>(side);
  }
  return records::Box{sides[0], sides[1], sides[2], sides[3], 0, false};
}

Status read_boxes(const std::string& path, const Json& json, const Numbers& images,
                  const Numbers& categories, Coco& coco) {
  return for_entries(path, json, "annotations", [&](const Entry& entry) -> Status {
    const auto image = entry.integer("image_id");
    if (!image || !images.contains(*image)) return entry.error("image_id", "the id of an image");
    const auto category = entry.integer("category_id");
    if (!category || !categories.contains(*category)) {
      return entry.error("category_id", "the id of a category");
    }
    auto box = read_box(entry);
    if (!box) return entry.error("bbox", "[x, y, width, height] in pixels");
    box->category = static_cast<std::int32_t>(categories.at(*category));
    if (const Json* crowd = entry.find("iscrowd")) {
      if (!crowd->is_number() && !crowd->is_boolean()) return entry.error("iscrowd", "0 or 1");
      box->crowd = crowd->is_boolean() ? crowd->get<bool>() : crowd->get<double>() != 0;
    }
    coco.images[images.at(*image)].boxes.push_back(*box);
    return success();
  });
}

}  // namespace

Result<Coco> read_coco(const std::string& path) {
  const auto json = parse(path);
  if (!json) return json.error();
  Coco coco;
  Numbers images, categories;
  if (Status s = read_categories(path, *json, coco, categories); !s) return s.error();
  if (Status s = read_images(path, *json, coco, images); !s) return s.error();
  if (Status s = read_boxes(path, *json, images, categories, coco); !s) return s.error();
  return coco;
}

}  // namespace posittune::data
