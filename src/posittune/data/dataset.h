#pragma once

// Data sets of any kind as numbered items: inputs of a model, their annotations, and the units that
// the bootstrap draws.

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "posittune/base/result.h"
#include "posittune/base/tensor.h"
#include "posittune/data/data_spec.h"
#include "posittune/records/annotations.h"

namespace posittune::data {

struct OpenedSource;

struct DataFile {
  std::string path;
  std::string sha256;
};

struct DatasetDescription {
  std::string kind;  // "npz", "text", "images", "coco"
  std::string path;  // path as given
  std::size_t items = 0;
  std::size_t units = 0;
  std::string unit;      // "document", "image", "item"
  std::string sha256;    // see Dataset::sha256()
  std::string identity;  // see Dataset::identity()
  // Class names by label, of images with a folder for each class. Empty: not known.
  std::vector<std::string> classes;
  std::vector<DataFile> files;  // text: behind it the tokenizer's .xml and .bin
};

struct Document {
  std::size_t number = 0;  // position in the file, from 0
  std::string sha256;      // hash of its text
};

// A data set. What each kind holds:
//   npz     an array for each input of the model, by name, one row an item; `labels`, an integer
//           for each item, or a row of symbols for each, filled up with -1; `document`, the number
//           of the document an item is from.
//   text    rows of equal length of each document's tokens; see text_source.cc, documents.h.
//   images  the .jpg, .jpeg and .png files of a folder, sorted by name, one for each item; or those
//           of a folder for each class, labelled by the position of its name in their byte order
//           (as torchvision's ImageFolder), where a limit takes from each class in turn. A file of
//           labels comes before the folders' names.
//   coco    the images of a COCO json in its order, with boxes in pixels of the network's input and
//           categories numbered from 0 in the order of their ids.
// A batch has the types that the model's inputs have. An npz number that such a type does not hold
// exactly is an error.
class Dataset {
 public:
  // Opens a data set; reads and checks all but the pixels of images. Errors name the file and,
  // where there is one, the array. kInput: the data; kUsage: the specification; kUnsupported: no
  // tokenizer library, a file type that cannot be read; kResource: too large; kInterrupted: a
  // signal came.
  static Result<Dataset> open(const DataSpec& spec, const std::vector<TensorInfo>& model_inputs);
  Dataset(Dataset&&) noexcept;
  Dataset& operator=(Dataset&&) noexcept;
  ~Dataset();

  std::size_t items() const;
  // A batch: items [first, first + count), which must exist, by the names of the model's inputs;
  // axis 0 is the items. May be called from several threads.
  Result<Tensors> batch(std::size_t first, std::size_t count) const;
  const records::Annotations& annotations() const;

  // The unit each item belongs to, numbered from 0 in the order of first appearance.
  const std::vector<std::size_t>& units() const;
  std::size_t unit_count() const;
  const std::string& unit_name() const;  // "document", "image", "item"

  // Hashes of items: SHA-256 of each item's inputs as the model gets them; of images, the decoded
  // pixels. Equal content has equal hashes in npz and text data of one model.
  Result<std::vector<std::string>> item_hashes() const;

  // SHA-256 of the files: of the one file for npz and text; for images and coco of the lines
  // "HASH  NAME\n" (as sha256sum prints them) of the labels or annotations, if any, and of the
  // images used.
  // A user can check it against the files on disk; results are identified by identity().
  const std::string& sha256() const;
  // SHA-256 of everything that the tensors, annotations and units depend on: kind, sha256(), number
  // of items, names and types of the model's inputs; of text the tokens and the documents their
  // rows are from (which depend on tokenizer, document start and row length); of images and coco
  // the preprocessing with the size that is used.
  const std::string& identity() const;
  // Documents of text that have rows, in the order of the file; none for other kinds.
  const std::vector<Document>& documents() const;
  const DatasetDescription& description() const;

 private:
  Dataset(std::unique_ptr<OpenedSource> opened, DatasetDescription description);
  std::unique_ptr<OpenedSource> opened_;
  DatasetDescription description_;
};

}  // namespace posittune::data
