// Floats to codes and back, and codes to dense bit strings and back.

#include "bench.h"

namespace posittune::bench {
namespace {

using formats::Format;

constexpr float kOne[] = {1.0f};

// Codes and, for block formats, shared exponents of the usual input.
template <class Code>
struct Codes {
  Codes(const Format& f, std::size_t size)
      : codes(size), exponents(f.block == 0 ? 0 : size / f.block) {}
  Status encode(const Format& f, std::span<const float> x, int threads) const {
    return kernels::encode<Code>(f, x, {1, x.size()}, {kOne}, codes.span(), exponents.span(),
                                 {.threads = threads});
  }
  Status decode(const Format& f, std::span<float> y, int threads) const {
    return kernels::decode<Code>(f, std::span<const Code>(codes.span()), {1, y.size()}, {kOne}, y,
                                 exponents.span(), {.threads = threads});
  }
  Array<Code> codes;
  Array<std::uint8_t> exponents;
};

template <class Code>
void add_codec(const Format& format, const char* target, int threads, std::size_t size) {
  const double bytes = sizeof(float) + sizeof(Code);
  const std::string name = formats::name(format);
  add("encode/" + name, target, threads, size, bytes, [=]() -> Body {
    const auto x = input(Data::kNormal, size);
    const auto codes = std::make_shared<Codes<Code>>(format, size);
    return [=] { return codes->encode(format, x, threads); };
  });
  add("decode/" + name, target, threads, size, bytes, [=]() -> Body {
    const auto codes = std::make_shared<Codes<Code>>(format, size);
    const auto y = std::make_shared<Array<float>>(size);
    if (const Status s = codes->encode(format, input(Data::kNormal, size), 0); !s) {
      return [=] { return s; };
    }
    return [=] { return codes->decode(format, y->span(), threads); };
  });
}

void add_codecs(const Format& format, const char* target, int threads, std::size_t size) {
  if (format.bits <= 8) {
    add_codec<std::uint8_t>(format, target, threads, size);
  } else if (format.bits <= 16) {
    add_codec<std::uint16_t>(format, target, threads, size);
  } else {
    add_codec<std::uint32_t>(format, target, threads, size);
  }
}

template <class Code>
void add_packing(int bits, const char* target, int threads, std::size_t size) {
  const double bytes = sizeof(Code) + bits / 8.0;
  const auto packed_of = [=] {
    return std::make_shared<Array<std::uint8_t>>(kernels::packed_bytes(size, bits));
  };
  add("pack/" + std::to_string(bits), target, threads, size, bytes, [=]() -> Body {
    const auto codes = std::make_shared<Array<Code>>(size);
    for (std::size_t i = 0; i < size; ++i)
      codes->span()[i] = static_cast<Code>(i * 2654435761u >> 16);
    const auto packed = packed_of();
    return [=] {
      return kernels::pack<Code>(std::span<const Code>(codes->span()), bits, packed->span(),
                                 {.threads = threads});
    };
  });
  add("unpack/" + std::to_string(bits), target, threads, size, bytes, [=]() -> Body {
    const auto codes = std::make_shared<Array<Code>>(size);
    const auto packed = packed_of();
    return [=] {
      return kernels::unpack<Code>(std::span<const std::uint8_t>(packed->span()), bits,
                                   codes->span(), {.threads = threads});
    };
  });
}

void add_all() {
  for (const char* target : supported_targets()) {
    const bool scalar = std::string(target) == "scalar";
    for (const Format& format : scalar ? main_formats() : all_formats()) {
      add_codecs(format, target, 1, kInCache);
    }
    if (!scalar) {
      for (const Format& format : main_formats()) {
        add_codecs(format, target, 2, kInCache);
        add_codecs(format, target, 1, kLarge);
      }
    }
    for (const int bits : {2, 3, 4, 5, 6, 7, 8})
      add_packing<std::uint8_t>(bits, target, 1, kInCache);
    for (const int bits : {9, 12, 16}) add_packing<std::uint16_t>(bits, target, 1, kInCache);
  }
}

}  // namespace
}  // namespace posittune::bench

int main(int argc, char** argv) {
  posittune::bench::add_all();
  return posittune::bench::run(argc, argv);
}
