// Packing of n-bit codes with BMI2: pext/pdep move 64 bits of codes to and from their packed place
// at once. See rounding-inl.h for how this file is used.
//
// Groups of 8 codes fill exactly `bits` bytes. Loads and stores of whole words may touch the bytes
// of the next group, so the last groups, which have none, go to the scalar twin. Codes of more than
// 16 bits (no tensor format of interest) do too.

// The low `bits` bits of each field of sizeof(T) bytes in a 64-bit word.
template <class T>
std::uint64_t field_mask(int bits) {
  std::uint64_t mask = 0;
  for (std::size_t at = 0; at < 64; at += 8 * sizeof(T)) {
    mask |= ((std::uint64_t{1} << bits) - 1) << at;
  }
  return mask;
}

// The number of groups of 8 codes that may be moved as whole words of `word_bytes`.
inline std::size_t whole_groups(std::size_t n, int bits, std::size_t word_bytes) {
  const std::size_t group = static_cast<std::size_t>(bits), bytes = (n * group + 7) / 8;
  if (bytes < word_bytes) return 0;
  const std::size_t most = (bytes - word_bytes) / group + 1;
  return n / 8 < most ? n / 8 : most;
}

inline void pack8(const std::uint8_t* codes, std::size_t n, int bits, std::uint8_t* out) {
  const std::uint64_t mask = field_mask<std::uint8_t>(bits);
  const std::size_t groups = whole_groups(n, bits, 8);
  for (std::size_t g = 0; g < groups; ++g, codes += 8, out += bits) {
    std::uint64_t word;
    std::memcpy(&word, codes, 8);
    word = _pext_u64(word, mask);
    std::memcpy(out, &word, 8);
  }
  scalar_target().pack8(codes, n - 8 * groups, bits, out);
}

inline void unpack8(const std::uint8_t* in, std::size_t n, int bits, std::uint8_t* codes) {
  const std::uint64_t mask = field_mask<std::uint8_t>(bits);
  const std::size_t groups = whole_groups(n, bits, 8);
  for (std::size_t g = 0; g < groups; ++g, codes += 8, in += bits) {
    std::uint64_t word;
    std::memcpy(&word, in, 8);
    word = _pdep_u64(word, mask);
    std::memcpy(codes, &word, 8);
  }
  scalar_target().unpack8(in, n - 8 * groups, bits, codes);
}

inline void pack16(const std::uint16_t* codes, std::size_t n, int bits, std::uint8_t* out) {
  const std::uint64_t mask = field_mask<std::uint16_t>(bits);
  const std::size_t groups = whole_groups(n, bits, 16);
  for (std::size_t g = 0; g < groups; ++g, codes += 8, out += bits) {
    std::uint64_t words[2];
    std::memcpy(words, codes, 16);
    const auto high = static_cast<unsigned __int128>(_pext_u64(words[1], mask)) << (4 * bits);
    const unsigned __int128 packed = high | _pext_u64(words[0], mask);
    std::memcpy(out, &packed, 16);
  }
  scalar_target().pack16(codes, n - 8 * groups, bits, out);
}

inline void unpack16(const std::uint8_t* in, std::size_t n, int bits, std::uint16_t* codes) {
  const std::uint64_t mask = field_mask<std::uint16_t>(bits);
  const std::size_t groups = whole_groups(n, bits, 16);
  for (std::size_t g = 0; g < groups; ++g, codes += 8, in += bits) {
    unsigned __int128 packed;
    std::memcpy(&packed, in, 16);
    const std::uint64_t words[2] = {
        _pdep_u64(static_cast<std::uint64_t>(packed), mask),
        _pdep_u64(static_cast<std::uint64_t>(packed >> (4 * bits)), mask)};
    std::memcpy(codes, words, 16);
  }
  scalar_target().unpack16(in, n - 8 * groups, bits, codes);
}
