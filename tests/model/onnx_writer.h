#pragma once

// ONNX files written by hand, for what OpenVINO IR cannot say: Gemm, Constant
// nodes, external data. Field numbers: onnx.proto of ONNX 1.16; encoding:
// protobuf's.

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace posittune::test::onnx {

class Message {
 public:
  Message& number(int field, std::uint64_t value) {
    varint(static_cast<std::uint64_t>(field) << 3);
    varint(value);
    return *this;
  }
  Message& text(int field, std::string_view value) {
    varint(static_cast<std::uint64_t>(field) << 3 | 2);
    varint(value.size());
    bytes_ += value;
    return *this;
  }
  Message& message(int field, const Message& value) { return text(field, value.bytes_); }
  Message& float32(int field, float value) {
    varint(static_cast<std::uint64_t>(field) << 3 | 5);
    char raw[4];
    std::memcpy(raw, &value, 4);
    bytes_.append(raw, 4);
    return *this;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  void varint(std::uint64_t value) {
    for (; value >= 128; value >>= 7) bytes_ += static_cast<char>((value & 127) | 128);
    bytes_ += static_cast<char>(value);
  }
  std::string bytes_;
};

enum Type : std::uint64_t { kFloat = 1, kInt64 = 7, kFloat16 = 10 };

inline Message tensor(const std::string& name, const std::vector<std::uint64_t>& shape, Type type,
                      std::string_view raw) {
  Message message;
  for (const auto dim : shape) message.number(1, dim);
  return message.number(2, type).text(8, name).text(9, raw);
}

inline Message floats(const std::string& name, const std::vector<std::uint64_t>& shape,
                      const std::vector<float>& values) {
  return tensor(name, shape, kFloat,
                {reinterpret_cast<const char*>(values.data()), 4 * values.size()});
}

// A tensor whose values are in another file.
inline Message external(const std::string& name, const std::vector<std::uint64_t>& shape,
                        const std::string& file) {
  Message message;
  for (const auto dim : shape) message.number(1, dim);
  message.number(2, kFloat).text(8, name);
  return message.message(13, Message().text(1, "location").text(2, file)).number(14, 1);
}

inline Message integer_attribute(const std::string& name, std::uint64_t value) {
  return Message().text(1, name).number(3, value).number(20, 2);
}
inline Message tensor_attribute(const std::string& name, const Message& value) {
  return Message().text(1, name).message(5, value).number(20, 4);
}

inline Message node(const std::string& name, const std::string& op,
                    const std::vector<std::string>& inputs, const std::string& output,
                    const std::vector<Message>& attributes = {}) {
  Message message;
  for (const auto& input : inputs) message.text(1, input);
  message.text(2, output).text(3, name).text(4, op);
  for (const auto& attribute : attributes) message.message(5, attribute);
  return message;
}

// A dimension of 0 is dynamic.
inline Message value(const std::string& name, const std::vector<std::uint64_t>& shape,
                     Type type = kFloat) {
  Message dims;
  for (const auto dim : shape)
    dims.message(1, dim == 0 ? Message().text(2, "n") : Message().number(1, dim));
  return Message().text(1, name).message(
      2, Message().message(1, Message().number(1, type).message(2, dims)));
}
inline Message value_of_unknown_rank(const std::string& name) {
  return Message().text(1, name).message(2, Message().message(1, Message().number(1, kFloat)));
}

inline std::string model(const std::vector<Message>& nodes,
                         const std::vector<Message>& initializers,
                         const std::vector<Message>& inputs, const std::vector<Message>& outputs) {
  Message graph;
  for (const auto& each : nodes) graph.message(1, each);
  graph.text(2, "g");
  for (const auto& each : initializers) graph.message(5, each);
  for (const auto& each : inputs) graph.message(11, each);
  for (const auto& each : outputs) graph.message(12, each);
  return Message()
      .number(1, 8)
      .message(7, graph)
      .message(8, Message().text(1, "").number(2, 18))
      .bytes();
}

}  // namespace posittune::test::onnx
