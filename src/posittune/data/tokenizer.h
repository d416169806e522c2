#pragma once

// Tokenizers that openvino-tokenizers made (an OpenVINO IR), with its library of operations: from
// text to token ids.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "posittune/base/result.h"

namespace posittune::data {

class Tokenizer {
 public:
  // Opens a tokenizer. `library` is libopenvino_tokenizers.so or the folder it is in. Empty: the
  // environment variable POSITTUNE_TOKENIZERS, else the openvino_tokenizers package beside
  // OpenVINO's own. kUnsupported: no library, or one that this OpenVINO does not load. kInput: no
  // tokenizer.
  static Result<Tokenizer> open(const std::string& path, const std::string& library = {});
  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;
  ~Tokenizer();

  const std::string& path() const;
  // Encodes UTF-8 text as token ids. kInput when the tokenizer fails. Not for several threads at
  // once.
  Result<std::vector<std::int64_t>> encode(const std::string& text);
  // The token that the tokenizer names for the beginning of text, else the one for its end; none
  // where it names neither.
  std::optional<std::int64_t> start_token() const;

 private:
  struct State;
  explicit Tokenizer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace posittune::data
