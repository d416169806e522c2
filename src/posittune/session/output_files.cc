#include "posittune/session/output_files.h"

#include <cctype>
#include <filesystem>
#include <utility>

namespace posittune::session {

std::string file_name(const std::string& name) {
  std::string safe = name;
  for (char& c : safe) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '.' && c != '-' && c != '_')
      c = '_';
  }
  return safe;
}

OutputFiles::OutputFiles(std::string folder, std::string name, std::size_t items)
    : folder_(std::move(folder)), name_(file_name(name)), items_(items) {}

evaluation::Watch OutputFiles::watch() {
  return [this](std::size_t, const Tensors& outputs) { return write(outputs); };
}

Status OutputFiles::write(const Tensors& outputs) {
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  for (const auto& [output, tensor] : outputs) {
    if (tensor.type != ElementType::kF32 || tensor.shape.empty()) continue;
    auto writer = writers_.find(output);
    if (writer == writers_.end()) {
      TensorShape shape = tensor.shape;
      shape[0] = items_;
      auto created = data::NpyWriter::create(
          folder_ + "/" + name_ + "." + file_name(output) + ".npy", "<f4", shape);
      if (!created) return created.error();
      writer = writers_.emplace(output, std::move(*created)).first;
    }
    if (const Status written = writer->second.write(tensor.bytes); !written) return written.error();
  }
  return success();
}

Status OutputFiles::commit() {
  for (auto& [output, writer] : writers_) {
    if (const Status done = writer.commit(); !done) return done.error();
  }
  return success();
}

}  // namespace posittune::session
