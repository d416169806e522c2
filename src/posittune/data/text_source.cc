// Text files: each document is tokenized as a whole and cut into rows of equal length. No row
// crosses documents; what is left of a document behind its last full row is dropped, so that every
// row is scored on the same number of tokens and nothing needs a mask.

#include <algorithm>
#include <cstring>
#include <utility>

#include "posittune/base/files.h"
#include "posittune/base/hash.h"
#include "posittune/base/interrupt.h"
#include "posittune/data/documents.h"
#include "posittune/data/source.h"
#include "posittune/data/tensor_cast.h"
#include "posittune/data/tokenizer.h"

namespace posittune::data {
namespace {

constexpr std::size_t kDefaultSequence = 256;
constexpr std::uint64_t kMaxText = std::uint64_t{1} << 30;

struct Rows {
  std::size_t length = 0;  // tokens a row
  std::vector<std::int64_t> ids;
  std::vector<std::int64_t> documents;  // of each row
  std::size_t longest = 0;              // document, in tokens
};

Result<std::string> read_text(const std::string& path) {
  const auto file = InputFile::open(path);
  if (!file) return file.error();
  if (file->size() > kMaxText) {
    return Error{.kind = ErrorKind::kResource,
                 .what = "text is too long",
                 .where = path,
                 .expected = "at most " + std::to_string(kMaxText) + " bytes",
                 .found = std::to_string(file->size()) + " bytes"};
  }
  std::string text(file->size(), '\0');
  if (Status s = file->read_at(0, std::as_writable_bytes(std::span(text.data(), text.size())));
      !s) {
    return s.error();
  }
  return text;
}

// The part each input of a language model plays. Others cannot come from text.
enum class Part { kIds, kMask, kPositions, kSegments };

Result<Part> part_of(const TensorInfo& input, const ModelInputs& inputs) {
  if (input.name == "input_ids" || inputs.size() == 1) return Part::kIds;
  if (input.name == "attention_mask") return Part::kMask;
  if (input.name == "position_ids") return Part::kPositions;
  if (input.name == "token_type_ids") return Part::kSegments;
  return Error{.kind = ErrorKind::kInput,
               .what = "the model has an input that text cannot feed",
               .where = "input '" + input.name + "'",
               .expected = "input_ids, attention_mask, position_ids, token_type_ids",
               .found = names_of(inputs),
               .hint = "give the data as an .npz with an array for each input"};
}

// From the model's fixed second dimension, or the specification.
Result<std::size_t> row_length(const DataSpec& spec, const ModelInputs& inputs) {
  std::size_t length = spec.sequence > 0 ? spec.sequence : kDefaultSequence;
  for (const TensorInfo& input : inputs) {
    const auto part = part_of(input, inputs);
    if (!part) return part.error();
    if (input.dims.size() != 2) {
      return Error{.kind = ErrorKind::kInput,
                   .what = "the model's input is no row of tokens",
                   .where = "input '" + input.name + "'",
                   .expected = "shape (batch, tokens)",
                   .found = dims_text(input.dims)};
    }
    if (input.dims[1] < 0) continue;
    const auto fixed = static_cast<std::size_t>(input.dims[1]);
    if (spec.sequence > 0 && spec.sequence != fixed) {
      return Error{.kind = ErrorKind::kUsage,
                   .what = "the sequence length is not the model's",
                   .where = "`sequence`, " + spec.path,
                   .expected = std::to_string(fixed) + ", from input '" + input.name + "'",
                   .found = std::to_string(spec.sequence)};
    }
    length = fixed;
  }
  return length;
}

// A tokenizer converted with truncation would lose text without a word.
Status check_not_truncating(Tokenizer& tokenizer, const std::string& longest) {
  const auto once = tokenizer.encode(longest);
  if (!once) return once.error();
  const auto twice = tokenizer.encode(longest + "\n" + longest);
  if (!twice) return twice.error();
  if (twice->size() > once->size()) return success();
  return Error{.kind = ErrorKind::kInput,
               .what = "the tokenizer cuts texts off",
               .where = tokenizer.path(),
               .found = "at most " + std::to_string(once->size()) + " tokens",
               .hint = "convert it again without truncation"};
}

Result<std::vector<std::int64_t>> encode_document(Tokenizer& tokenizer, const DataSpec& spec,
                                                  const std::string& document) {
  auto ids = tokenizer.encode(spec.document_start.value_or("") + document);
  if (!ids || spec.document_start) return ids;
  const auto start = tokenizer.start_token();
  if (start && (ids->empty() || ids->front() != *start)) ids->insert(ids->begin(), *start);
  return ids;
}

Result<Rows> cut_rows(Tokenizer& tokenizer, const DataSpec& spec, std::size_t length,
                      const std::vector<std::string>& documents) {
  Rows rows;
  rows.length = length;
  for (std::size_t d = 0; d < documents.size(); ++d) {
    if (Status going = check_interrupt(); !going) return going.error();
    const auto ids = encode_document(tokenizer, spec, documents[d]);
    if (!ids) return ids.error();
    rows.longest = std::max(rows.longest, ids->size());
    for (std::size_t at = 0; at + length <= ids->size(); at += length) {
      const auto begin = ids->begin() + static_cast<std::ptrdiff_t>(at);
      rows.ids.insert(rows.ids.end(), begin, begin + static_cast<std::ptrdiff_t>(length));
      rows.documents.push_back(static_cast<std::int64_t>(d));
      if (rows.documents.size() == spec.limit) return rows;
    }
  }
  return rows;
}

// See Dataset::identity().
std::string settings_of(const Rows& rows) {
  const std::string tokens = sha256_hex(std::as_bytes(std::span(rows.ids)));
  const std::string documents = sha256_hex(std::as_bytes(std::span(rows.documents)));
  return "sequence: " + std::to_string(rows.length) + "\ntokens: " + tokens +
         "\ndocuments: " + documents + "\n";
}

std::vector<Document> documents_of(const Rows& rows, const std::vector<std::string>& texts) {
  std::vector<Document> documents;
  for (const std::int64_t row : rows.documents) {
    const auto number = static_cast<std::size_t>(row);
    if (!documents.empty() && documents.back().number == number) continue;
    documents.push_back({number, sha256_hex(texts[number])});
  }
  return documents;
}

Result<Tensor> input_of(const Rows& rows, Part part, const TensorInfo& input,
                        const std::string& path) {
  Tensor tensor = Tensor::zeros(ElementType::kI64, {rows.documents.size(), rows.length});
  const auto out = tensor.as<std::int64_t>();
  switch (part) {
    case Part::kIds:
      std::copy(rows.ids.begin(), rows.ids.end(), out.begin());
      break;
    case Part::kMask:
      std::fill(out.begin(), out.end(), 1);
      break;
    case Part::kPositions:
      for (std::size_t i = 0; i < out.size(); ++i) {
        out[i] = static_cast<std::int64_t>(i % rows.length);
      }
      break;
    case Part::kSegments:
      break;
  }
  return cast_exact(std::move(tensor), input.type, path + ", input '" + input.name + "'");
}

}  // namespace

Result<OpenedSource> open_text(const DataSpec& spec, const ModelInputs& inputs) {
  if (spec.tokenizer.empty()) {
    return Error{.kind = ErrorKind::kUsage,
                 .what = "text needs a tokenizer",
                 .where = "`tokenizer`, " + spec.path,
                 .expected = "path of openvino_tokenizer.xml",
                 .hint = "give the tokenizer, or data as .npz"};
  }
  const auto length = row_length(spec, inputs);
  if (!length) return length.error();
  const auto text = read_text(spec.path);
  if (!text) return text.error();
  const auto documents = split_documents(spec.path, *text);
  if (!documents) return documents.error();
  auto tokenizer = Tokenizer::open(spec.tokenizer, spec.tokenizer_library);
  if (!tokenizer) return tokenizer.error();
  const auto longest =
      std::max_element(documents->begin(), documents->end(),
                       [](const auto& a, const auto& b) { return a.size() < b.size(); });
  if (Status s = check_not_truncating(*tokenizer, *longest); !s) return s.error();
  const auto rows = cut_rows(*tokenizer, spec, *length, *documents);
  if (!rows) return rows.error();
  if (rows->documents.empty()) {
    return Error{.kind = ErrorKind::kInput,
                 .what = "no document is as long as one row",
                 .where = spec.path,
                 .expected = std::to_string(*length) + " tokens",
                 .found = "at most " + std::to_string(rows->longest) + " tokens",
                 .hint = "set a shorter sequence"};
  }

  OpenedSource opened;
  opened.items = rows->documents.size();
  opened.units = renumbered(rows->documents);
  opened.unit_name = "document";
  opened.files = {spec.path};
  opened.settings = settings_of(*rows);
  opened.documents = documents_of(*rows, *documents);
  Tensors tensors;
  for (const TensorInfo& input : inputs) {
    const auto part = part_of(input, inputs);
    if (!part) return part.error();
    auto tensor = input_of(*rows, *part, input, spec.path);
    if (!tensor) return tensor.error();
    tensors.emplace(input.name, std::move(*tensor));
  }
  opened.source = make_tensor_source(std::move(tensors));
  return opened;
}

}  // namespace posittune::data
