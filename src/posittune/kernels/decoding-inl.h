// Codes to grid values; see rounding-inl.h for how this file is used.

template <Kind kKind>
struct Decoder;

inline F decode_patch(const Plan& p, I code, M slow, F values) {
  float grid[V::kLanes];
  std::uint32_t codes[V::kLanes];
  V::store(grid, values);
  V::store_codes(codes, code);
  const unsigned bits = V::mask_bits(slow);
  for (std::size_t i = 0; i < V::kLanes; ++i) {
    if ((bits >> i & 1) != 0) grid[i] = decode_one(p, codes[i]);
  }
  return V::load(grid);
}

template <>
struct Decoder<Kind::kCopy> {
  explicit Decoder(const Plan&) {}
  F operator()(I code) const { return V::select(is_nan(V::floats(code)), nan(), V::floats(code)); }
};

// Posits: the magnitude is put at the top of the word: | 0 | regime | exponent | fraction | 0...0
// |. Counting the regime and shifting it out leaves exponent and fraction as they stand in a float
// pattern.
template <bool kWide>
struct PositDecoder {
  explicit PositDecoder(const Plan& plan)
      : p(plan),
        up(V::set(32 - plan.bits)),
        down(V::set(32 - plan.regime_shift)),
        regime_shift(V::set(plan.regime_shift)),
        origin(V::set(kOneBits - (std::int32_t{1} << plan.regime_shift))) {}

  F operator()(I code) const {
    const I x = V::sll(code, up);
    const I regime = V::sll<1>(V::abs(x));
    const I ones = V::sra<31>(regime);
    const I run = V::leading_zeros(V::xor_(regime, ones));
    // k = run-1 for ones and -run for zeros: in both cases -1 - ((run-1) ^ ones).
    const I minus_k = V::xor_(V::sub(run, V::set(1)), ones);
    const I rest = V::srl(V::sll(regime, V::add(run, V::set(1))), down);
    const I pattern = V::sub(V::add(rest, origin), V::sll(minus_k, regime_shift));
    const I value = V::or_and(pattern, x, V::set(kSignBits));
    const M zero = V::equal(x, V::set(0));
    const M nar = V::equal(x, V::set(kSignBits));
    F grid = V::select(nar, nan(), V::zero_where(zero, V::floats(value)));
    if constexpr (kWide) {
      const M slow = V::greater(run, V::set((128 >> p.format.exp_bits) - 1));
      if (V::any(slow)) grid = decode_patch(p, code, slow, grid);
    }
    return grid;
  }

  const Plan& p;
  I up, down, regime_shift, origin;
};
template <>
struct Decoder<Kind::kPosit> : PositDecoder<false> {
  using PositDecoder::PositDecoder;
};
template <>
struct Decoder<Kind::kPositWide> : PositDecoder<true> {
  using PositDecoder::PositDecoder;
};

template <>
struct Decoder<Kind::kFloat> {
  explicit Decoder(const Plan& plan)
      : p(plan),
        unit(V::set(plan.unit)),
        // A subnormal field reads as exponent field 1 of a normal one: pattern + (bias shift).
        rebase(V::set(plan.min_exp_bits - (1 << 23))) {}

  F operator()(I code) const {
    const I m = V::and_(code, V::set((1 << (p.bits - 1)) - 1));
    const I normal = V::add(V::sll(m, V::set(23 - p.man_bits)), rebase);
    const F subnormal = V::mul(V::to_float(m), unit);
    const M small = V::greater(V::set(1 << p.man_bits), m);
    F value = V::select(small, subnormal, V::floats(normal));
    value = V::select(V::equal(m, V::set(p.inf_code)), V::floats(V::set(kInfinityBits)), value);
    const I sign = V::sll(V::srl(code, V::set(p.bits - 1)), V::set(31));
    const F signed_value = V::floats(V::or_(V::bits(value), sign));
    const std::int32_t largest = p.inf_code >= 0 ? p.inf_code : p.max_code;
    return V::select(V::greater(m, V::set(largest)), nan(), signed_value);
  }

  const Plan& p;
  F unit;
  I rebase;
};

template <>
struct Decoder<Kind::kFloatShift> {
  explicit Decoder(const Plan& plan) : shift(V::set(23 - plan.man_bits)) {}
  F operator()(I code) const {
    const F value = V::floats(V::sll(code, shift));
    return V::select(is_nan(value), nan(), value);
  }
  I shift;
};

template <>
struct Decoder<Kind::kInt> {
  explicit Decoder(const Plan& plan) : up(V::set(32 - plan.bits)), unit(V::set(plan.unit)) {}
  F operator()(I code) const {
    const I top = V::sll(code, up);
    const F value = V::mul(V::to_float(V::sra(top, up)), unit);
    return V::select(V::equal(top, V::set(kSignBits)), nan(), value);
  }
  I up;
  F unit;
};
