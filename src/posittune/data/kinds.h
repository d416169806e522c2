#pragma once

// Kinds of data: one table says how each is recognised and opened. Internal to the room.

#include <span>
#include <string>
#include <string_view>

#include "posittune/data/source.h"

namespace posittune::data {

// Folder: whether a folder can be data of a kind: no, by itself, or together with annotations.
enum class Folder { kNone, kPlain, kWithAnnotations };

struct KindEntry {
  DataKind kind;
  std::string_view name;       // name in data.yaml and in records
  std::string_view extension;  // ending of its files, ".npz"; empty: data of this kind are no file
  Folder folder;
  std::string_view example;  // example in messages: ".json (COCO)"
  OpenSource* open;
  bool tokenizer;  // DataSpec::tokenizer makes items of it
  bool own_file;   // the first file is of its items alone; else it may serve other splits, too
};
std::span<const KindEntry> kinds();

// The kind of a data set: DataSpec::kind, or what the path's name and the annotations suggest.
// kInput: the path does not exist; kUsage: no kind has such a name.
Result<const KindEntry*> kind_of(const DataSpec& spec);

}  // namespace posittune::data
