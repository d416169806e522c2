#include "posittune/session/model_runner.h"

#include <unistd.h>

#include <filesystem>
#include <optional>
#include <utility>

#include "posittune/base/child_process.h"
#include "posittune/base/files.h"
#include "posittune/data/npy.h"
#include "posittune/engine/engine.h"

namespace posittune::session {
namespace {

namespace fs = std::filesystem;

// Arguments: model, threads, 1 for exact. A line "ready" once the model is open; then for each
// line, the folder of a run with 0.npy, 1.npy ... for the inputs that the file "inputs" names, it
// writes the outputs as out.0.npy ... and answers with a line of "ok" and their names, tabs between
// them.
constexpr const char* kScript = R"(
import os, sys
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
def say(*words):
    print(*[str(word).replace("\n", " ").replace("\t", " ") for word in words], sep="\t", file=answers, flush=True)
try:
    import numpy as np
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = int(sys.argv[2])
    if sys.argv[3] == "1":
        options.add_session_config_entry("session.qdq_matmulnbits_accuracy_level", "1")
    session = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
    outputs = [each.name for each in session.get_outputs()]
    say("ready")
    for line in sys.stdin:
        folder = line.rstrip("\n")
        with open(os.path.join(folder, "inputs")) as names:
            feed = {name.rstrip("\n"): np.load(os.path.join(folder, f"{i}.npy")) for i, name in enumerate(names)}
        for i, values in enumerate(session.run(None, feed)):
            np.save(os.path.join(folder, f"out.{i}.npy"), values)
        say("ok", *outputs)
except BaseException as error:
    say("error", f"{type(error).__name__}: {error}")
)";

std::vector<std::string> words_of(const std::string& line) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at <= line.size();) {
    const std::size_t end = std::min(line.find('\t', at), line.size());
    words.push_back(line.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

const char* npy_type(ElementType type) {
  switch (type) {
    case ElementType::kF32:
      return "<f4";
    case ElementType::kF64:
      return "<f8";
    case ElementType::kF16:
      return "<f2";
    case ElementType::kI8:
      return "|i1";
    case ElementType::kI16:
      return "<i2";
    case ElementType::kI32:
      return "<i4";
    case ElementType::kI64:
      return "<i8";
    case ElementType::kU8:
      return "|u1";
    case ElementType::kBool:
      return "|b1";
  }
  return "";
}

// A folder of its own, which goes with the runner.
class ScratchFolder {
 public:
  static Result<ScratchFolder> make() {
    std::string name = (fs::temp_directory_path() / "posittune-run-XXXXXX").string();
    if (mkdtemp(name.data()) != nullptr) return ScratchFolder(name);
    return Error{.kind = ErrorKind::kResource, .what = "cannot make a folder", .where = name};
  }
  ScratchFolder(ScratchFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  ScratchFolder& operator=(ScratchFolder&&) = delete;
  ~ScratchFolder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  std::string file(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  explicit ScratchFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

class OnnxRuntime : public ModelRunner {
 public:
  OnnxRuntime(ChildProcess process, ScratchFolder folder, std::string model)
      : process_(std::move(process)), folder_(std::move(folder)), model_(std::move(model)) {}

  Status wait_until_ready(const std::string& python) {
    auto line = process_.read_line();
    if (!line) {
      return Error{.kind = ErrorKind::kUnsupported,
                   .what = "cannot start Python",
                   .where = python,
                   .hint = "`python` names one that has onnxruntime: pip install onnxruntime"};
    }
    return *line == "ready" ? success() : failed(*line);
  }

  Result<Tensors> run(const Tensors& inputs) override {
    if (const Status written = write(inputs); !written) return written.error();
    if (const Status sent = process_.write_line(folder_.path()); !sent) return sent.error();
    auto line = process_.read_line();
    if (!line) return line.error();
    const std::vector<std::string> words = words_of(*line);
    if (words.front() != "ok") return failed(*line);
    Tensors outputs;
    for (std::size_t i = 1; i < words.size(); ++i) {
      auto file = data::NpyReader::open(folder_.file("out." + std::to_string(i - 1) + ".npy"));
      if (!file) return file.error();
      auto values = file->read_all();
      if (!values) return values.error();
      outputs[words[i]] = std::move(*values);
    }
    return outputs;
  }

 private:
  Error failed(const std::string& line) const {
    const std::vector<std::string> words = words_of(line);
    const std::string& found = words.size() > 1 ? words[1] : line;
    Error error{.kind = ErrorKind::kUnsupported,
                .what = "onnxruntime cannot run the model",
                .where = model_,
                .found = found.substr(0, 400)};
    if (found.starts_with("ModuleNotFoundError")) {
      error.what = "this Python has no onnxruntime";
      error.hint = "pip install onnxruntime, or name another Python with `python`";
    }
    return error;
  }

  Status write(const Tensors& inputs) const {
    std::string names;
    std::size_t index = 0;
    for (const auto& [name, tensor] : inputs) {
      auto file = data::NpyWriter::create(folder_.file(std::to_string(index++) + ".npy"),
                                          npy_type(tensor.type), tensor.shape);
      if (!file) return file.error();
      if (const Status written = file->write(tensor.bytes); !written) return written;
      if (const Status done = file->commit(); !done) return done;
      names += name + "\n";
    }
    return write_file(folder_.file("inputs"), names);
  }

  ChildProcess process_;
  ScratchFolder folder_;
  std::string model_;
};

class OpenVino : public ModelRunner {
 public:
  explicit OpenVino(engine::Engine engine) : engine_(std::move(engine)) {}
  Result<Tensors> run(const Tensors& inputs) override { return engine_.run(inputs); }

 private:
  engine::Engine engine_;
};

}  // namespace

Result<std::unique_ptr<ModelRunner>> in_onnxruntime(const std::string& model,
                                                    const RunnerOptions& options) {
  auto folder = ScratchFolder::make();
  if (!folder) return folder.error();
  auto process = ChildProcess::start({options.python, "-c", kScript, model,
                                      std::to_string(options.threads), options.exact ? "1" : "0"});
  if (!process) return process.error();
  auto runner = std::make_unique<OnnxRuntime>(std::move(*process), std::move(*folder), model);
  if (const Status ready = runner->wait_until_ready(options.python); !ready) return ready.error();
  return std::unique_ptr<ModelRunner>(std::move(runner));
}

Result<std::unique_ptr<ModelRunner>> in_openvino(const std::string& model,
                                                 const RunnerOptions& options) {
  auto graph = model::load(model);
  if (!graph) return graph.error();
  engine::Options with{.threads = options.threads};
  with.chosen.assign(graph->layers.size(), false);
  auto engine = engine::Engine::create(std::move(*graph), with);
  if (!engine) return engine.error();
  return std::unique_ptr<ModelRunner>(std::make_unique<OpenVino>(std::move(*engine)));
}

}  // namespace posittune::session
