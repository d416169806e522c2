#include "posittune/data/tokenizer.h"

#include <dlfcn.h>

#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <openvino/openvino.hpp>
#include <system_error>
#include <utility>

#include "posittune/base/files.h"
#include "posittune/base/memory.h"

namespace posittune::data {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLibrary = "libopenvino_tokenizers.so";
constexpr const char* kVariable = "POSITTUNE_TOKENIZERS";
constexpr const char* kIds = "input_ids";

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

// The folder of the OpenVINO library this process runs.
fs::path openvino_folder() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<const void*>(&ov::get_openvino_version), &info) == 0 ||
      info.dli_fname == nullptr) {
    return {};
  }
  std::error_code ignored;
  return fs::canonical(info.dli_fname, ignored).parent_path();
}

Error no_library(const std::string& looked) {
  return {.kind = ErrorKind::kUnsupported,
          .what = "text needs the library of openvino-tokenizers, which was not found",
          .where = looked,
          .expected = kLibrary,
          .hint =
              "pip install openvino-tokenizers (of OpenVINO's version), or name the library in "
              "POSITTUNE_TOKENIZERS"};
}

Result<std::string> find_library(const std::string& library) {
  std::string named = library;
  if (const char* variable = std::getenv(kVariable); named.empty() && variable != nullptr) {
    named = variable;
  }
  if (!named.empty()) {
    if (is_file(named)) return named;
    const fs::path inside = fs::path(named) / kLibrary;
    return is_file(inside) ? Result<std::string>(inside.string()) : no_library(named);
  }
  // Where wheels put them: site-packages/openvino/libs and site-packages/openvino_tokenizers/lib.
  const fs::path folder = openvino_folder();
  for (const fs::path& candidate :
       {folder / kLibrary, folder / ".." / ".." / "openvino_tokenizers" / "lib" / kLibrary}) {
    if (is_file(candidate)) return candidate.lexically_normal().string();
  }
  return no_library(folder.string());
}

std::optional<std::int64_t> token_of(const ov::Model& model, const std::string& key) {
  if (!model.has_rt_info(key)) return {};
  const auto text = model.get_rt_info<std::string>(key);
  std::int64_t token = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), token);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && token >= 0 ? std::optional(token) : std::nullopt;
}

Error no_tokenizer(const std::string& path, const std::string& found) {
  return {.kind = ErrorKind::kInput,
          .what = "not a tokenizer",
          .where = path,
          .expected =
              "an OpenVINO IR made by openvino-tokenizers, with one text input and the "
              "output 'input_ids'",
          .found = found,
          .hint = "convert_tokenizer FOLDER -o OUTPUT writes openvino_tokenizer.xml"};
}

}  // namespace

struct Tokenizer::State {
  std::string path;
  ov::Core core;
  ov::InferRequest request;
  std::optional<std::int64_t> start;
};

Tokenizer::Tokenizer(std::unique_ptr<State> state) : state_(std::move(state)) {}
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;
Tokenizer::~Tokenizer() = default;

const std::string& Tokenizer::path() const { return state_->path; }
std::optional<std::int64_t> Tokenizer::start_token() const { return state_->start; }

Result<Tokenizer> Tokenizer::open(const std::string& path, const std::string& library) {
  if (const auto file = InputFile::open(path); !file) return file.error();
  const auto found = find_library(library);
  if (!found) return found.error();
  auto state = std::make_unique<State>();
  state->path = path;
  try {
    state->core.add_extension(*found);
  } catch (const std::exception& problem) {
    if (memory_ended(problem.what())) return out_of_memory(*found);
    return Error{
        .kind = ErrorKind::kUnsupported,
        .what = "the library of openvino-tokenizers cannot be loaded",
        .where = *found,
        .expected = std::string("that of OpenVINO ") + ov::get_openvino_version().buildNumber,
        .found = problem.what(),
        .hint = "pip install openvino-tokenizers of the same version as openvino"};
  }
  try {
    const auto model = state->core.read_model(path);
    if (model->inputs().size() != 1 || model->input().get_element_type() != ov::element::string) {
      return no_tokenizer(path, std::to_string(model->inputs().size()) + " inputs, none of text");
    }
    state->start = token_of(*model, "bos_token_id");
    if (!state->start) state->start = token_of(*model, "eos_token_id");
    state->request = state->core.compile_model(model, "CPU").create_infer_request();
    state->request.get_tensor(kIds);  // throws when there is none
  } catch (const std::exception& problem) {
    if (memory_ended(problem.what())) return out_of_memory(path);
    return no_tokenizer(path, problem.what());
  }
  return Tokenizer(std::move(state));
}

Result<std::vector<std::int64_t>> Tokenizer::encode(const std::string& text) {
  try {
    ov::Tensor input(ov::element::string, {1});
    input.data<std::string>()[0] = text;
    state_->request.set_input_tensor(input);
    state_->request.infer();
    const ov::Tensor ids = state_->request.get_tensor(kIds);
    if (ids.get_element_type() == ov::element::i64) {
      const auto* begin = ids.data<const std::int64_t>();
      return std::vector<std::int64_t>(begin, begin + ids.get_size());
    }
    const auto* begin = ids.data<const std::int32_t>();
    return std::vector<std::int64_t>(begin, begin + ids.get_size());
  } catch (const std::exception& problem) {
    if (memory_ended(problem.what())) return out_of_memory(state_->path);
    return Error{.kind = ErrorKind::kInput,
                 .what = "the tokenizer fails",
                 .where = state_->path,
                 .found = problem.what()};
  }
}

}  // namespace posittune::data
