#pragma once

// SHA-256 (FIPS 180-4): names models, data and finished trials by their content.

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "posittune/base/result.h"

namespace posittune {

class Sha256 {
 public:
  Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  ~Sha256();

  Sha256& update(std::span<const std::byte> bytes);
  Sha256& update(std::string_view text);
  // Adds the length (8 bytes, little endian), then the bytes, so that the fields ("ab", "c") and
  // ("a", "bc") hash differently.
  Sha256& update_field(std::span<const std::byte> bytes);
  Sha256& update_field(std::string_view text);

  // The hash of everything so far, 64 lower-case digits; more may follow.
  std::string hex() const;

 private:
  struct Free {
    void operator()(void* context) const;
  };
  std::unique_ptr<void, Free> context_;  // EVP_MD_CTX
};

std::string sha256_hex(std::span<const std::byte> bytes);
std::string sha256_hex(std::string_view text);

// SHA-256 of a regular file's bytes, read in pieces. Anything else, a folder too, is a kInput
// error; kInterrupted after a signal.
Result<std::string> sha256_file(const std::string& path);

}  // namespace posittune
