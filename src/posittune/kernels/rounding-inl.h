// The rounding algorithms, written once over a vector vocabulary V (simd_*.h) and compiled per
// target. No include guard: each target includes it inside its own namespace, after V.
//
// Each Rounder<kind> maps x and y = x * scale to the grid value Q(y) and its code. The compiler
// drops the one that a caller does not use.

using F = V::F;
using I = V::I;
using M = V::M;
using D = V::D;

inline constexpr std::int32_t kSignBits = INT32_MIN;
inline constexpr std::int32_t kAbsBits = 0x7fff'ffff;
inline constexpr std::int32_t kInfinityBits = 0x7f80'0000;
inline constexpr std::int32_t kNanBits = 0x7fc0'0000;
inline constexpr std::int32_t kOneBits = 0x3f80'0000;

struct Rounded {
  F grid;
  I code;  // two's complement or sign-magnitude in the low bits; higher bits are undefined
};

inline I magnitude(F v) { return V::and_(V::bits(v), V::set(kAbsBits)); }
inline M not_finite(F v) { return V::greater(magnitude(v), V::set(kInfinityBits - 1)); }
inline M is_nan(F v) { return V::greater(magnitude(v), V::set(kInfinityBits)); }
inline F nan() { return V::floats(V::set(kNanBits)); }

// Computes the lanes of `slow` again by the scalar twin.
inline Rounded patch(const Plan& p, F x, F scale, M slow, Rounded r) {
  float xs[V::kLanes], grid[V::kLanes], scales[V::kLanes];
  std::uint32_t code[V::kLanes];
  V::store(xs, x);
  V::store(scales, scale);
  V::store(grid, r.grid);
  V::store_codes(code, r.code);
  const unsigned bits = V::mask_bits(slow);
  for (std::size_t i = 0; i < V::kLanes; ++i) {
    if ((bits >> i & 1) == 0) continue;
    grid[i] = round_one(p, xs[i], scales[i]);
    code[i] = encode_one(p, xs[i], scales[i]);
  }
  return {V::load(grid), V::load_codes(code)};
}

template <Kind kKind>
struct Rounder;

template <>
struct Rounder<Kind::kCopy> {
  explicit Rounder(const Plan& plan, F) : most(V::set(plan.most_bits)) {}
  Rounded operator()(F, F y) const {
    const I value = V::or_and(V::min(magnitude(y), most), V::bits(y), V::set(kSignBits));
    const F grid = V::select(is_nan(y), nan(), V::floats(value));
    return {grid, V::bits(grid)};
  }

  I most;
};

// A float pattern minus that of 1.0 reads as a fixed-point logarithm:
//
//     w = e * 2^23 + fraction  =  | k = floor(e / 2^es) | es exponent bits | 23 fraction bits |
//
// and within one regime k a posit is exactly the top of that string: rounding to nearest even on
// the bit string is integer rounding of w at bit `drop`, which grows by one with each regime bit:
//     drop = (26 + es - n) + run,  run = k for k >= 0, -k-1 for k < 0.
// Carries move into the next exponent and regime by themselves.
template <bool kFlush, bool kWide, bool kShort>
struct PositRounder {
  explicit PositRounder(const Plan& plan, F scale)
      : p(plan),
        scale_(scale),
        low(V::set(plan.low_bits)),
        high(V::set(plan.high_bits)),
        regime_shift(V::set(plan.regime_shift)),
        base(V::set(plan.shift_base)),
        half_base(V::set(32 - plan.shift_base)),
        aligned(V::set(plan.aligned)),
        to_top(V::set(30 - plan.regime_shift)),
        below(V::set(33 - plan.bits)),
        half_below(V::set((std::int32_t{1} << (32 - plan.bits)) - 1)),
        mask(static_cast<std::int32_t>((std::uint64_t{1} << plan.bits) - 1)) {}

  Rounded operator()(F x, F y) const {
    const I a = magnitude(y);
    const I clamped = V::min(V::max(a, low), high);
    const I w = V::sub(clamped, V::set(kOneBits));
    const I below_one = V::sra<31>(w);  // all ones for k < 0
    const I run = V::srl(V::xor_(w, below_one), regime_shift);
    I drop = V::add(run, base);
    if constexpr (kWide) drop = V::max(drop, V::set(0));
    // Half a unit less one, plus the last kept bit: ties go to even.
    // `aligned` makes the pattern's bits those of the code, so that it rounds in place of w.
    const I bits = V::add(clamped, aligned);
    const I last = V::and_(V::srl(bits, drop), kWide ? V::min(drop, V::set(1)) : V::set(1));
    const I half =
        V::srl(V::set(kAbsBits), kWide ? V::sub(V::set(32), drop) : V::sub(half_base, run));
    const I rounded = V::and_(V::add(V::add(bits, half), last), V::sll(V::set(-1), drop));
    const I pattern = V::sub(rounded, aligned);

    const I value = V::or_and(pattern, V::bits(y), V::set(kSignBits));
    const M zero = kFlush ? V::greater(V::set(p.flush_bits), a) : V::equal(magnitude(x), V::set(0));
    const M nar = not_finite(x);
    Rounded r{V::select(nar, nan(), V::zero_where(zero, V::floats(value))),
              V::select(nar, V::set(p.nan_code), V::zero_where(zero, code(y, w, run, below_one)))};
    if constexpr (kWide) {
      const M slow =
          V::both(V::greater(V::set(p.fast_bits), a), V::greater(magnitude(x), V::set(0)));
      if (V::any(slow)) r = patch(p, x, scale_, slow, r);
    }
    return r;
  }

  // The code: the whole string without its sign, from the top of a word,
  //     k >= 0: | 1 0 | E | shifted right by run with copies of the 1:  1..1 0 E
  //     k < 0:  | 0 1 | E | shifted right by run with zeros:            0..0 1 E
  // where E is exponent and fraction, rounded at the same place for all regimes. What is shifted
  // out at the bottom is kept as one sticky bit; short posits lose nothing.
  I code(F y, I w, I run, I below_one) const {
    const I rest = V::and_(V::sll(w, to_top), V::set(0x3fff'ffff));
    const I regime = V::xor_(V::and_(below_one, V::set(-0x4000'0000)), V::set(kSignBits));
    const I string = V::or_(rest, regime);
    I shifted = V::sra(string, run);
    if constexpr (!kShort) {
      const I lost = V::sub(string, V::sll(V::srl(string, run), run));
      shifted = V::or_(shifted, V::min(lost, V::set(1)));
    }
    const I last = V::and_(V::srl(shifted, below), V::set(1));
    const I positive = V::srl(V::add(V::add(shifted, half_below), last), below);
    const I sign = V::sra<31>(V::bits(y));
    return V::and_(V::sub(V::xor_(positive, sign), sign), V::set(mask));
  }

  const Plan& p;
  F scale_;
  I low, high, regime_shift, base, half_base, aligned, to_top, below, half_below;
  std::int32_t mask;
};
template <>
struct Rounder<Kind::kPosit> : PositRounder<false, false, false> {
  using PositRounder::PositRounder;
};
template <>
struct Rounder<Kind::kPositFlush> : PositRounder<true, false, false> {
  using PositRounder::PositRounder;
};
template <>
struct Rounder<Kind::kPositShort> : PositRounder<false, false, true> {
  using PositRounder::PositRounder;
};
template <>
struct Rounder<Kind::kPositWide> : PositRounder<false, true, false> {
  using PositRounder::PositRounder;
};

// Floats: adding and subtracting C = 2^(e - Y + 23) rounds to Y mantissa bits, because the sum's
// last bit weighs 2^(e-Y); below the smallest normal e stays there, which gives the subnormals. The
// integer between the two steps is the mantissa with its hidden bit: the code.
template <>
struct Rounder<Kind::kFloat> {
  explicit Rounder(const Plan& plan, F)
      : p(plan),
        limit(V::set(plan.limit)),
        max_bits(V::bits(V::set(plan.max))),
        overflow(V::set(plan.overflow)),
        min_exp(V::set(plan.min_exp_bits)),
        magic((23 - plan.man_bits) << 23),
        shift(V::set(23 - plan.man_bits)) {}

  Rounded operator()(F, F y) const {
    const M not_number = is_nan(y);
    const F a = V::min(limit, V::floats(magnitude(y)));
    const I exponent = V::max(V::and_(V::bits(a), V::set(kInfinityBits)), min_exp);
    const I c = V::add(exponent, V::set(magic));
    const F sum = V::add(a, V::floats(c));
    const F exact = V::sub(sum, V::floats(c));
    const F value = V::select(V::greater(V::bits(exact), max_bits), overflow, exact);
    const F grid = V::floats(V::or_and(V::bits(value), V::bits(y), V::set(kSignBits)));
    const I positive = V::add(V::srl(V::sub(exponent, min_exp), shift), V::sub(V::bits(sum), c));
    const I sign = V::sll(V::srl<31>(V::bits(y)), V::set(p.bits - 1));
    return {V::select(not_number, nan(), grid),
            V::select(not_number, V::set(p.nan_code), V::or_(positive, sign))};
  }

  const Plan& p;
  F limit;
  I max_bits;
  F overflow;
  I min_exp;
  std::int32_t magic;
  I shift;
};

// Floats with fp32's exponent field: round the pattern at a fixed bit, subnormals and overflow
// included.
template <>
struct Rounder<Kind::kFloatShift> {
  explicit Rounder(const Plan& plan, F)
      : p(plan), shift(V::set(23 - plan.man_bits)), most(V::set(plan.most_bits)) {}

  Rounded operator()(F, F y) const {
    const M not_number = is_nan(y);
    const I a = magnitude(y);
    const I last = V::and_(V::srl(a, shift), V::set(1));
    const I half = V::set((1 << (22 - p.man_bits)) - 1);
    const I rounded =
        V::min(V::and_(V::add(V::add(a, half), last), V::sll(V::set(-1), shift)), most);
    const I pattern = V::or_and(rounded, V::bits(y), V::set(kSignBits));
    return {V::select(not_number, nan(), V::floats(pattern)),
            V::select(not_number, V::set(p.nan_code), V::srl(pattern, shift))};
  }

  const Plan& p;
  I shift, most;
};

template <>
struct Rounder<Kind::kInt> {
  explicit Rounder(const Plan& plan, F)
      : p(plan),
        steps(V::set(1 / plan.unit)),
        unit(V::set(plan.unit)),
        high(V::set(static_cast<float>(plan.max_code))),
        low(V::set(-static_cast<float>(plan.max_code))) {}

  Rounded operator()(F, F y) const {
    const M not_number = is_nan(y);
    const F t = V::nearest(V::min(high, V::max(low, V::mul(y, steps))));
    const F grid = V::mul(V::add(t, V::set(0.0f)), unit);  // + 0 turns -0 into +0
    const I code = V::and_(V::to_int(t), V::set((1 << p.bits) - 1));
    return {V::select(not_number, nan(), grid), V::select(not_number, V::set(p.nan_code), code)};
  }

  const Plan& p;
  F steps, unit, high, low;
};
