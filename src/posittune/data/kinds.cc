#include "posittune/data/kinds.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <vector>

#include "posittune/base/nearest.h"

namespace posittune::data {

OpenSource open_npz, open_text, open_images, open_coco;  // each in its kind's file

namespace {

namespace fs = std::filesystem;

// In the order of DataKind, without kAuto.
constexpr std::array<KindEntry, static_cast<std::size_t>(DataKind::kCount) - 1> kKinds = {{
    {DataKind::kNpz, "npz", ".npz", Folder::kNone, ".npz", open_npz, false, true},
    {DataKind::kText, "text", ".txt", Folder::kNone, ".txt", open_text, true, true},
    {DataKind::kImages, "images", "", Folder::kPlain, "a folder of images", open_images, false,
     false},
    {DataKind::kCoco, "coco", ".json", Folder::kWithAnnotations, ".json (COCO)", open_coco, false,
     true},
}};
constexpr bool complete() {
  for (std::size_t i = 0; i < kKinds.size(); ++i) {
    if (static_cast<std::size_t>(kKinds[i].kind) != i + 1) return false;
  }
  return true;
}
static_assert(complete(), "a kind of data has no entry, or not in the order of DataKind");

template <class Text>
std::string alternatives(Text text) {
  std::vector<std::string> texts;
  for (const KindEntry& each : kKinds) texts.emplace_back(text(each));
  const std::string last = texts.back();
  texts.pop_back();
  return joined(texts) + " or " + last;
}

template <class Matches>
Result<const KindEntry*> first(const std::string& path, Matches matches) {
  const auto found = std::find_if(kKinds.begin(), kKinds.end(), matches);
  if (found != kKinds.end()) return &*found;
  return Error{.kind = ErrorKind::kUsage,
               .what = "the kind of data cannot be told from its name",
               .where = path,
               .expected = alternatives([](const KindEntry& of) { return of.example; }),
               .hint = "set kind: " + alternatives([](const KindEntry& of) { return of.name; })};
}

}  // namespace

std::span<const KindEntry> kinds() { return kKinds; }

Result<const KindEntry*> kind_of(const DataSpec& spec) {
  if (spec.kind != DataKind::kAuto)
    return first(spec.path, [&](const KindEntry& of) { return of.kind == spec.kind; });
  std::error_code problem;
  if (fs::is_directory(spec.path, problem)) {
    const Folder folder = spec.annotations.empty() ? Folder::kPlain : Folder::kWithAnnotations;
    return first(spec.path, [&](const KindEntry& of) { return of.folder == folder; });
  }
  if (!fs::exists(spec.path, problem)) {
    return Error{.kind = ErrorKind::kInput, .what = "no such file or folder", .where = spec.path};
  }
  const std::string extension = fs::path(spec.path).extension().string();
  return first(spec.path, [&](const KindEntry& of) {
    return !of.extension.empty() && of.extension == extension;
  });
}

std::string_view name(DataKind kind) {
  const auto found = std::find_if(kKinds.begin(), kKinds.end(),
                                  [&](const KindEntry& of) { return of.kind == kind; });
  return found == kKinds.end() ? "auto" : found->name;
}

std::optional<DataKind> data_kind(std::string_view name) {
  if (name == "auto") return DataKind::kAuto;
  const auto found = std::find_if(kKinds.begin(), kKinds.end(),
                                  [&](const KindEntry& of) { return of.name == name; });
  return found == kKinds.end() ? std::nullopt : std::optional(found->kind);
}

}  // namespace posittune::data
