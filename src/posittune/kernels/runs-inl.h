// Loops over runs, and the table of a target; see rounding-inl.h for how this file is used.

// Writers: what a run writes for each vector.
struct WriteFloat {
  using T = float;
  static void write(float* out, const Rounded& r, F inverse) {
    V::store(out, V::mul(r.grid, inverse));
  }
};
template <class Code>
struct WriteCode {
  using T = Code;
  static void write(Code* out, const Rounded& r, F) { V::store_codes(out, r.code); }
};
struct WriteBf16 {
  using T = std::uint16_t;
  static void write(T* out, const Rounded& r, F) {
    V::store_codes(out, V::srl<16>(V::bits(r.grid)));
  }
};

template <Kind kKind, class Writer>
void round_run(const Plan& p, const float* x, typename Writer::T* out, std::size_t n, float scale,
               float inverse) {
  const F s = V::set(scale), inv = V::set(inverse);
  const Rounder<kKind> round(p, s);
  std::size_t i = 0;
  for (; i + V::kLanes <= n; i += V::kLanes) {
    const F v = V::load(x + i);
    Writer::write(out + i, round(v, V::mul(v, s)), inv);
  }
  if (i == n) return;
  float tail[V::kLanes] = {};
  typename Writer::T rest[V::kLanes];
  std::memcpy(tail, x + i, (n - i) * sizeof(float));
  const F v = V::load(tail);
  Writer::write(rest, round(v, V::mul(v, s)), inv);
  std::memcpy(out + i, rest, (n - i) * sizeof(typename Writer::T));
}

template <Kind kKind>
void stream_run(const Plan& p, const float* x, float* y, std::size_t n, float scale,
                float inverse) {
  constexpr std::size_t kAlign = V::kLanes * sizeof(float);
  const std::size_t misaligned = reinterpret_cast<std::uintptr_t>(y) % kAlign / sizeof(float);
  const std::size_t whole = misaligned == 0 ? 0 : V::kLanes - misaligned;
  const std::size_t head = whole < n ? whole : n;
  round_run<kKind, WriteFloat>(p, x, y, head, scale, inverse);
  const F s = V::set(scale), inv = V::set(inverse);
  const Rounder<kKind> round(p, s);
  std::size_t i = head;
  for (; i + V::kLanes <= n; i += V::kLanes) {
    const F v = V::load(x + i);
    V::stream(y + i, V::mul(round(v, V::mul(v, s)).grid, inv));
  }
  V::fence();
  round_run<kKind, WriteFloat>(p, x + i, y + i, n - i, scale, inverse);
}

// Codes as int8 for a GEMM, sign-extended from their width.
inline void int8_run(const Plan& p, const float* x, std::int8_t* out, std::size_t n, float scale,
                     float inverse) {
  auto* codes = reinterpret_cast<std::uint8_t*>(out);
  round_run<Kind::kInt, WriteCode<std::uint8_t>>(p, x, codes, n, scale, inverse);
  if (p.bits == 8) return;
  const std::int32_t sign = 1 << (p.bits - 1);
  for (std::size_t i = 0; i < n; ++i) out[i] = static_cast<std::int8_t>((codes[i] ^ sign) - sign);
}

template <Kind kKind, class T>
void decode_run(const Plan& p, const T* codes, float* y, std::size_t n, float inverse) {
  const F inv = V::set(inverse);
  const Decoder<kKind> decode(p);
  std::size_t i = 0;
  for (; i + V::kLanes <= n; i += V::kLanes) {
    V::store(y + i, V::mul(decode(V::load_codes(codes + i)), inv));
  }
  if (i == n) return;
  T tail[V::kLanes] = {};
  float rest[V::kLanes];
  std::memcpy(tail, codes + i, (n - i) * sizeof(T));
  V::store(rest, V::mul(decode(V::load_codes(tail)), inv));
  std::memcpy(y + i, rest, (n - i) * sizeof(float));
}

inline float horizontal_max(I patterns) {
  std::uint32_t lanes[V::kLanes];
  V::store_codes(lanes, patterns);
  std::uint32_t best = 0;
  for (const std::uint32_t lane : lanes) best = lane > best ? lane : best;
  float value;
  std::memcpy(&value, &best, sizeof value);
  return value;
}

// The scale of a block: block_exponent and the two powers of two of scalar.h, on bit patterns.
struct BlockScale {
  std::int32_t exponent;
  float down, up;  // 2^-exponent, 2^exponent
};
inline float power_pattern(std::int32_t exponent) {
  const std::int32_t bits = exponent > -127 ? (exponent + 127) << 23 : 1 << 22;
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}
inline BlockScale block_scale(const Plan& p, float absmax) {
  std::int32_t bits;
  std::memcpy(&bits, &absmax, sizeof bits);
  // A subnormal absmax reads as exponent -127: clamped all the same.
  const std::int32_t wanted = (bits >> 23) - 127 - p.block_emax;
  const std::int32_t exponent = absmax == 0 || wanted < -127 ? -127 : wanted;
  return {exponent, power_pattern(-exponent), power_pattern(exponent)};
}

// Calls body(first, count, scale, y) for each whole or short block of a row; y holds the count
// elements times `s`, zero-padded to whole vectors.
template <class Body>
void for_blocks(const Plan& p, const float* x, std::size_t n, float s, Body body) {
  constexpr std::size_t kBlock = 32, kVectors = kBlock / V::kLanes;
  for (std::size_t first = 0; first < n; first += kBlock) {
    const std::size_t count = n - first < kBlock ? n - first : kBlock;
    float padded[kBlock];
    const float* in = x + first;
    if (count < kBlock) {
      std::memset(padded, 0, sizeof padded);
      std::memcpy(padded, in, count * sizeof(float));
      in = padded;
    }
    F y[kVectors];
    I largest = V::set(0);
    for (std::size_t v = 0; v < kVectors; ++v) {
      y[v] = V::mul(V::load(in + v * V::kLanes), V::set(s));
      largest = V::max(largest, V::zero_where(not_finite(y[v]), magnitude(y[v])));
    }
    body(first, count, block_scale(p, horizontal_max(largest)), y);
  }
}

template <Kind kKind>
void block_quantize_row(const Plan& p, const float* x, float* out, std::size_t n, float scale,
                        float inverse) {
  const Rounder<kKind> round(p, V::set(1.0f));
  for_blocks(p, x, n, scale, [&](std::size_t first, std::size_t count, BlockScale b, const F* y) {
    constexpr std::size_t kVectors = 32 / V::kLanes;
    float padded[32];
    float* to = count == 32 ? out + first : padded;
    for (std::size_t v = 0; v < kVectors; ++v) {
      const F q = round(y[v], V::mul(y[v], V::set(b.down))).grid;
      V::store(to + v * V::kLanes, V::mul(V::mul(q, V::set(b.up)), V::set(inverse)));
    }
    if (count < 32) std::memcpy(out + first, padded, count * sizeof(float));
  });
}

inline void block_quantize(const Plan& p, const float* x, float* y, std::size_t n, float scale,
                           float inverse) {
  const auto run =
      p.kind == Kind::kInt ? &block_quantize_row<Kind::kInt> : &block_quantize_row<Kind::kFloat>;
  run(p, x, y, n, scale, inverse);
}

template <Kind kKind>
void block_encode_row(const Plan& p, const float* x, std::uint8_t* codes, std::uint8_t* exponents,
                      std::size_t n, float scale) {
  const Rounder<kKind> round(p, V::set(1.0f));
  for_blocks(p, x, n, scale, [&](std::size_t first, std::size_t count, BlockScale b, const F* y) {
    std::uint8_t block[32];
    exponents[first / 32] = static_cast<std::uint8_t>(b.exponent + 127);
    for (std::size_t v = 0; v < 32 / V::kLanes; ++v) {
      V::store_codes(block + v * V::kLanes, round(y[v], V::mul(y[v], V::set(b.down))).code);
    }
    std::memcpy(codes + first, block, count);
  });
}

inline void block_encode(const Plan& p, const float* x, std::uint8_t* codes,
                         std::uint8_t* exponents, std::size_t n, float scale) {
  const auto run =
      p.kind == Kind::kInt ? &block_encode_row<Kind::kInt> : &block_encode_row<Kind::kFloat>;
  run(p, x, codes, exponents, n, scale);
}

template <Kind kKind>
void block_decode_row(const Plan& p, const std::uint8_t* codes, const std::uint8_t* exponents,
                      float* y, std::size_t n, float inverse) {
  const Decoder<kKind> decode(p);
  const F inv = V::set(inverse);
  for (std::size_t first = 0; first < n; first += 32) {
    const std::size_t count = n - first < 32 ? n - first : 32;
    const std::int32_t exponent = exponents[first / 32] - 127;
    const F shared = exponent == 128 ? nan() : V::set(power_pattern(exponent));
    std::uint8_t padded_codes[32] = {};
    float padded[32];
    const bool whole = count == 32;
    if (!whole) std::memcpy(padded_codes, codes + first, count);
    const std::uint8_t* in = whole ? codes + first : padded_codes;
    float* to = whole ? y + first : padded;
    for (std::size_t v = 0; v < 32; v += V::kLanes) {
      V::store(to + v, V::mul(V::mul(decode(V::load_codes(in + v)), shared), inv));
    }
    if (!whole) std::memcpy(y + first, padded, count * sizeof(float));
  }
}

inline void block_decode(const Plan& p, const std::uint8_t* codes, const std::uint8_t* exponents,
                         float* y, std::size_t n, float inverse) {
  const auto run =
      p.kind == Kind::kInt ? &block_decode_row<Kind::kInt> : &block_decode_row<Kind::kFloat>;
  run(p, codes, exponents, y, n, inverse);
}
