// The table of a vocabulary V. Included inside an anonymous namespace, as the algorithms are in
// kernels/avx2.cc: nothing here may be a function that another file could share.

using Words = Vocabulary::Words;

V::F floats_at(Words p) { return V::load(reinterpret_cast<const float*>(p)); }
V::I ints_at(Words p) { return V::bits(floats_at(p)); }
void put(V::F v, std::uint32_t* out) { V::store(reinterpret_cast<float*>(out), v); }
void put(V::I v, std::uint32_t* out) { put(V::floats(v), out); }
void put_ones(V::M mask, std::uint32_t* out) { put(V::select(mask, V::set(1), V::set(0)), out); }
V::M greater_at(Words a, Words b) { return V::greater(ints_at(a), ints_at(b)); }

template <class Code>
void load_codes(Words a, std::uint32_t* out) {
  Code codes[V::kLanes];
  for (std::size_t i = 0; i < V::kLanes; ++i) codes[i] = static_cast<Code>(a[i]);
  put(V::load_codes(codes), out);
}
template <class Code>
void store_codes(Words a, std::uint32_t* out) {
  Code codes[V::kLanes];
  V::store_codes(codes, ints_at(a));
  for (std::size_t i = 0; i < V::kLanes; ++i) out[i] = codes[i];
}

void add_products(Words a, Words b, double* sums, bool from_zero) {
  const V::D start = from_zero ? V::zero_sum() : V::load(sums);
  const V::D products = V::mul(V::widen(floats_at(a)), V::widen(floats_at(b)));
  V::store(sums, V::add(start, products));
}

using Out = std::uint32_t*;

Vocabulary make_vocabulary(const char* name) {
  return {
      .name = name,
      .lanes = V::kLanes,
      .mul = [](Words a, Words b, Words, Out y) { put(V::mul(floats_at(a), floats_at(b)), y); },
      .add = [](Words a, Words b, Words, Out y) { put(V::add(floats_at(a), floats_at(b)), y); },
      .sub = [](Words a, Words b, Words, Out y) { put(V::sub(floats_at(a), floats_at(b)), y); },
      .min = [](Words a, Words b, Words, Out y) { put(V::min(floats_at(a), floats_at(b)), y); },
      .max = [](Words a, Words b, Words, Out y) { put(V::max(floats_at(a), floats_at(b)), y); },
      .nearest = [](Words a, Words, Words, Out y) { put(V::nearest(floats_at(a)), y); },
      .to_int = [](Words a, Words, Words, Out y) { put(V::to_int(floats_at(a)), y); },
      .to_float = [](Words a, Words, Words, Out y) { put(V::to_float(ints_at(a)), y); },
      .set_float = [](Words a, Words, Words,
                      Out y) { put(V::set(*reinterpret_cast<const float*>(a)), y); },
      .stream =
          [](Words a, Words, Words, Out y) {
            V::stream(reinterpret_cast<float*>(y), floats_at(a));
            V::fence();
          },
      .set_int = [](Words a, Words, Words,
                    Out y) { put(V::set(static_cast<std::int32_t>(a[0])), y); },
      .int_add = [](Words a, Words b, Words, Out y) { put(V::add(ints_at(a), ints_at(b)), y); },
      .int_sub = [](Words a, Words b, Words, Out y) { put(V::sub(ints_at(a), ints_at(b)), y); },
      .int_min = [](Words a, Words b, Words, Out y) { put(V::min(ints_at(a), ints_at(b)), y); },
      .int_max = [](Words a, Words b, Words, Out y) { put(V::max(ints_at(a), ints_at(b)), y); },
      .abs = [](Words a, Words, Words, Out y) { put(V::abs(ints_at(a)), y); },
      .and_ = [](Words a, Words b, Words, Out y) { put(V::and_(ints_at(a), ints_at(b)), y); },
      .or_ = [](Words a, Words b, Words, Out y) { put(V::or_(ints_at(a), ints_at(b)), y); },
      .xor_ = [](Words a, Words b, Words, Out y) { put(V::xor_(ints_at(a), ints_at(b)), y); },
      .or_and = [](Words a, Words b, Words c,
                   Out y) { put(V::or_and(ints_at(a), ints_at(b), ints_at(c)), y); },
      .sll = [](Words a, Words b, Words, Out y) { put(V::sll(ints_at(a), ints_at(b)), y); },
      .srl = [](Words a, Words b, Words, Out y) { put(V::srl(ints_at(a), ints_at(b)), y); },
      .sra = [](Words a, Words b, Words, Out y) { put(V::sra(ints_at(a), ints_at(b)), y); },
      .sll9 = [](Words a, Words, Words, Out y) { put(V::sll<9>(ints_at(a)), y); },
      .srl9 = [](Words a, Words, Words, Out y) { put(V::srl<9>(ints_at(a)), y); },
      .sra9 = [](Words a, Words, Words, Out y) { put(V::sra<9>(ints_at(a)), y); },
      .leading_zeros = [](Words a, Words, Words, Out y) { put(V::leading_zeros(ints_at(a)), y); },
      .greater = [](Words a, Words b, Words, Out y) { put_ones(greater_at(a, b), y); },
      .equal = [](Words a, Words b, Words,
                  Out y) { put_ones(V::equal(ints_at(a), ints_at(b)), y); },
      .both = [](Words a, Words b, Words c,
                 Out y) { put_ones(V::both(greater_at(a, b), greater_at(b, c)), y); },
      .select = [](Words a, Words b, Words c,
                   Out y) { put(V::select(greater_at(a, b), floats_at(b), floats_at(c)), y); },
      .select_int = [](Words a, Words b, Words c,
                       Out y) { put(V::select(greater_at(a, b), ints_at(b), ints_at(c)), y); },
      .zero_where = [](Words a, Words b, Words,
                       Out y) { put(V::zero_where(greater_at(a, b), floats_at(b)), y); },
      .zero_where_int = [](Words a, Words b, Words,
                           Out y) { put(V::zero_where(greater_at(a, b), ints_at(b)), y); },
      .load8 = [](Words a, Words, Words, Out y) { load_codes<std::uint8_t>(a, y); },
      .load16 = [](Words a, Words, Words, Out y) { load_codes<std::uint16_t>(a, y); },
      .load32 = [](Words a, Words, Words, Out y) { load_codes<std::uint32_t>(a, y); },
      .store8 = [](Words a, Words, Words, Out y) { store_codes<std::uint8_t>(a, y); },
      .store16 = [](Words a, Words, Words, Out y) { store_codes<std::uint16_t>(a, y); },
      .store32 = [](Words a, Words, Words, Out y) { store_codes<std::uint32_t>(a, y); },
      .mask_bits = [](Words a, Words b) { return V::mask_bits(greater_at(a, b)); },
      .any = [](Words a, Words b) { return V::any(greater_at(a, b)); },
      .add_products = add_products,
  };
}
