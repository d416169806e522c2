// Statistics: sums in kSumLanes interleaved double lanes: lane j adds the elements j, j+16, j+32,
// ... in order, as the scalar twin does, so every target has the same bits. See rounding-inl.h for
// how this file is used. Squares of floats are exact in double, so a fused multiply-add could not
// differ either.

inline constexpr std::size_t kParts = kSumLanes / V::kLanes;  // vectors per group of lanes

inline double sum_lanes(const D* parts) {
  double lanes[kSumLanes];
  for (std::size_t part = 0; part < kParts; ++part) V::store(lanes + part * V::kLanes, parts[part]);
  double sum = 0;
  for (const double lane : lanes) sum += lane;
  return sum;
}

// Calls body(offset, count) for whole groups of kSumLanes elements and once for the rest.
template <class Body>
void for_groups(std::size_t n, Body body) {
  std::size_t i = 0;
  for (; i + kSumLanes <= n; i += kSumLanes) body(i, kSumLanes);
  if (i < n) body(i, n - i);
}

// Part `part` of the group at p with `count` elements, zeros after them.
inline F load_part(const float* p, std::size_t count, std::size_t part) {
  if (count == kSumLanes) return V::load(p + part * V::kLanes);
  float padded[kSumLanes] = {};
  std::memcpy(padded, p, count * sizeof(float));
  return V::load(padded + part * V::kLanes);
}

inline Moments moments(const float* x, std::size_t n) {
  D sum_abs[kParts], sum_squares[kParts];
  for (std::size_t part = 0; part < kParts; ++part)
    sum_abs[part] = sum_squares[part] = V::zero_sum();
  I largest = V::set(0);
  Moments m;
  std::uint64_t padding = 0;
  for_groups(n, [&](std::size_t at, std::size_t count) {
    padding += kSumLanes - count;
    for (std::size_t part = 0; part < kParts; ++part) {
      const F v = load_part(x + at, count, part);
      const M bad = not_finite(v);
      const I a = V::zero_where(bad, magnitude(v));
      largest = V::max(largest, a);
      m.nonfinite += static_cast<unsigned>(__builtin_popcount(V::mask_bits(bad)));
      m.zeros += static_cast<unsigned>(
          __builtin_popcount(V::mask_bits(V::equal(magnitude(v), V::set(0)))));
      const D wide = V::widen(V::floats(a));
      sum_abs[part] = V::add(sum_abs[part], wide);
      sum_squares[part] = V::add(sum_squares[part], V::mul(wide, wide));
    }
  });
  m.zeros -= padding;
  m.absmax = horizontal_max(largest);
  m.sum_abs = sum_lanes(sum_abs);
  m.sum_squares = sum_lanes(sum_squares);
  return m;
}

inline void add_squared_errors(const float* x, const float* y, const float* w, std::size_t n,
                               double* lanes) {
  D sum[kParts];
  for (std::size_t part = 0; part < kParts; ++part) sum[part] = V::load(lanes + part * V::kLanes);
  for_groups(n, [&](std::size_t at, std::size_t count) {
    for (std::size_t part = 0; part < kParts; ++part) {
      const F v = load_part(x + at, count, part);
      const F e = V::zero_where(not_finite(v), V::sub(load_part(y + at, count, part), v));
      const D wide = V::widen(e);
      D square = V::mul(wide, wide);
      if (w != nullptr) square = V::mul(V::widen(load_part(w + at, count, part)), square);
      sum[part] = V::add(sum[part], square);
    }
  });
  for (std::size_t part = 0; part < kParts; ++part) V::store(lanes + part * V::kLanes, sum[part]);
}

// Counts of |x| by bin. Increments, not arithmetic, limit its speed: four tables keep equal
// neighbours apart.
inline void histogram(const float* x, std::size_t n, std::uint64_t* bins) {
  constexpr std::size_t kTables = 4;
  std::uint32_t counts[kTables][kHistogramBins] = {};
  std::size_t i = 0;
  std::uint32_t index[V::kLanes];
  for (; i + V::kLanes <= n; i += V::kLanes) {
    V::store_codes(index, V::srl<20>(magnitude(V::load(x + i))));
    for (std::size_t j = 0; j < V::kLanes; ++j) ++counts[j % kTables][index[j]];
  }
  scalar_target().histogram(x + i, n - i, bins);
  for (std::size_t bin = 0; bin < kHistogramBins; ++bin) {
    for (const auto& table : counts) bins[bin] += table[bin];
  }
}
