#include "posittune/base/hash.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <new>
#include <vector>

#include "posittune/base/files.h"
#include "posittune/base/interrupt.h"

namespace posittune {
namespace {

constexpr std::size_t kPiece = std::size_t{1} << 20;

EVP_MD_CTX* evp(void* context) { return static_cast<EVP_MD_CTX*>(context); }

// The digest itself cannot fail; OpenSSL reports a lack of memory this way.
void require(int status) {
  if (status != 1) throw std::bad_alloc();
}

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

}  // namespace

void Sha256::Free::operator()(void* context) const { EVP_MD_CTX_free(evp(context)); }

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  require(context_ != nullptr ? 1 : 0);
  require(EVP_DigestInit_ex(evp(context_.get()), EVP_sha256(), nullptr));
}
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;

Sha256& Sha256::update(std::span<const std::byte> bytes) {
  require(EVP_DigestUpdate(evp(context_.get()), bytes.data(), bytes.size()));
  return *this;
}

Sha256& Sha256::update(std::string_view text) { return update(bytes_of(text)); }

Sha256& Sha256::update_field(std::span<const std::byte> bytes) {
  std::array<std::byte, 8> length;
  for (std::size_t i = 0; i < length.size(); ++i) {
    length[i] = static_cast<std::byte>(static_cast<std::uint64_t>(bytes.size()) >> (8 * i));
  }
  return update(std::span<const std::byte>(length)).update(bytes);
}

Sha256& Sha256::update_field(std::string_view text) { return update_field(bytes_of(text)); }

std::string Sha256::hex() const {
  const Sha256 copy;
  std::array<unsigned char, 32> digest;
  require(EVP_MD_CTX_copy_ex(evp(copy.context_.get()), evp(context_.get())));
  require(EVP_DigestFinal_ex(evp(copy.context_.get()), digest.data(), nullptr));
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text(2 * digest.size(), '0');
  for (std::size_t i = 0; i < digest.size(); ++i) {
    text[2 * i] = kDigits[digest[i] >> 4];
    text[2 * i + 1] = kDigits[digest[i] & 15];
  }
  return text;
}

std::string sha256_hex(std::span<const std::byte> bytes) { return Sha256().update(bytes).hex(); }

std::string sha256_hex(std::string_view text) { return Sha256().update(text).hex(); }

Result<std::string> sha256_file(const std::string& path) {
  const auto file = InputFile::open(path);
  if (!file) return file.error();
  Sha256 hash;
  std::vector<std::byte> piece(std::min<std::uint64_t>(kPiece, file->size()));
  for (std::uint64_t offset = 0; offset < file->size(); offset += piece.size()) {
    if (Status going = check_interrupt(); !going) return going.error();
    const std::uint64_t left = file->size() - offset;
    const std::span out = std::span(piece).first(std::min<std::uint64_t>(piece.size(), left));
    if (Status read = file->read_at(offset, out); !read) return read.error();
    hash.update(out);
  }
  return hash.hex();
}

}  // namespace posittune
