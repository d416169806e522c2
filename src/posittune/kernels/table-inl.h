// The Target of one instruction set; see rounding-inl.h for how this file is used.

template <class T>
using RoundRun = Target::RoundRun<T>;
template <class T>
using DecodeRun = Target::DecodeRun<T>;

// Entries for the kinds that have a vector algorithm; the others stay as the scalar twin's.
template <class Writer, class Entries>
void set_rounding(Entries& entries) {
  entries[static_cast<std::size_t>(Kind::kCopy)] = &round_run<Kind::kCopy, Writer>;
  entries[static_cast<std::size_t>(Kind::kPosit)] = &round_run<Kind::kPosit, Writer>;
  entries[static_cast<std::size_t>(Kind::kPositFlush)] = &round_run<Kind::kPositFlush, Writer>;
  entries[static_cast<std::size_t>(Kind::kPositWide)] = &round_run<Kind::kPositWide, Writer>;
  entries[static_cast<std::size_t>(Kind::kFloat)] = &round_run<Kind::kFloat, Writer>;
  entries[static_cast<std::size_t>(Kind::kFloatShift)] = &round_run<Kind::kFloatShift, Writer>;
  entries[static_cast<std::size_t>(Kind::kInt)] = &round_run<Kind::kInt, Writer>;
}

template <class Code>
void set_encoding(RoundRun<Code> (&entries)[kKinds]) {
  set_rounding<WriteCode<Code>>(entries);
  entries[static_cast<std::size_t>(Kind::kPositShort)] =
      &round_run<Kind::kPositShort, WriteCode<Code>>;
}

inline void set_streaming(RoundRun<float> (&entries)[kKinds]) {
  entries[static_cast<std::size_t>(Kind::kCopy)] = &stream_run<Kind::kCopy>;
  entries[static_cast<std::size_t>(Kind::kPosit)] = &stream_run<Kind::kPosit>;
  entries[static_cast<std::size_t>(Kind::kPositFlush)] = &stream_run<Kind::kPositFlush>;
  entries[static_cast<std::size_t>(Kind::kPositWide)] = &stream_run<Kind::kPositWide>;
  entries[static_cast<std::size_t>(Kind::kFloat)] = &stream_run<Kind::kFloat>;
  entries[static_cast<std::size_t>(Kind::kFloatShift)] = &stream_run<Kind::kFloatShift>;
  entries[static_cast<std::size_t>(Kind::kInt)] = &stream_run<Kind::kInt>;
}

template <class T>
void set_decoding(DecodeRun<T> (&entries)[kKinds]) {
  entries[static_cast<std::size_t>(Kind::kCopy)] = &decode_run<Kind::kCopy, T>;
  entries[static_cast<std::size_t>(Kind::kPosit)] = &decode_run<Kind::kPosit, T>;
  entries[static_cast<std::size_t>(Kind::kPositWide)] = &decode_run<Kind::kPositWide, T>;
  entries[static_cast<std::size_t>(Kind::kFloat)] = &decode_run<Kind::kFloat, T>;
  entries[static_cast<std::size_t>(Kind::kFloatShift)] = &decode_run<Kind::kFloatShift, T>;
  entries[static_cast<std::size_t>(Kind::kInt)] = &decode_run<Kind::kInt, T>;
}

inline Target make_target(const char* name) {
  Target t = scalar_target();
  t.name = name;
  set_rounding<WriteFloat>(t.quantize);
  set_streaming(t.quantize_stream);
  set_encoding<std::uint8_t>(t.encode8);
  set_encoding<std::uint16_t>(t.encode16);
  set_encoding<std::uint32_t>(t.encode32);
  set_decoding(t.decode8);
  set_decoding(t.decode16);
  set_decoding(t.decode32);
  set_rounding<WriteBf16>(t.to_bf16);
  t.to_int8[static_cast<std::size_t>(Kind::kInt)] = &int8_run;
  t.block_quantize = &block_quantize;
  t.block_encode = &block_encode;
  t.block_decode = &block_decode;
  t.moments = &moments;
  t.add_squared_errors = &add_squared_errors;
  t.histogram = &histogram;
  t.pack8 = &pack8;
  t.pack16 = &pack16;
  t.unpack8 = &unpack8;
  t.unpack16 = &unpack16;
  return t;
}
