#include "posittune/cli/model_data_options.h"

#include <CLI/CLI.hpp>

#include "posittune/cli/common_options.h"

namespace posittune::cli {

void declare_model_data(CLI::App& app, ModelDataOptions& options) {
  offer_models(app.add_option("MODEL", options.model.model,
                              "ONNX file, OpenVINO IR (.xml), or zoo:NAME, which brings its data")
                   ->required());
  declare_data(app, options);
}

void declare_data(CLI::App& app, ModelDataOptions& options) {
  const std::string data = "Data";
  app.add_option("--data", options.data.data,
                 "YAML file that describes the data: a section each for calibrate, search and "
                 "report (docs/data.md)")
      ->type_name("FILE")
      ->group(data);
  app.add_option("--calibrate", options.data.calibrate,
                 "data that scales of inputs, and errors of layers, are computed from")
      ->type_name("PATH")
      ->group(data);
  app.add_option("--search", options.data.search, "data that formats are scored and chosen on")
      ->type_name("PATH")
      ->group(data);
  app.add_option("--report", options.data.report,
                 "data for the results shown, used for nothing else: .npz, .txt, folder of images, "
                 "COCO .json")
      ->type_name("PATH")
      ->group(data);
  app.add_option("--tokenizer", options.data.tokenizer,
                 "for text data: the tokenizer as OpenVINO IR (openvino_tokenizer.xml)")
      ->type_name("FILE")
      ->group(data);
  app.add_option("--annotations", options.data.annotations,
                 "for folders of images: COCO .json with their boxes")
      ->type_name("FILE")
      ->group(data);
  app.add_option(
         "--labels", options.data.labels,
         "for folders of images: text file with a line \"FILE LABEL\" for each image; splits "
         "of which it names no image have no labels. Not needed where each class has a folder")
      ->type_name("FILE")
      ->group(data);
  app.add_option("--sequence", options.data.sequence,
                 "for text data: tokens in each item (default: what the model fixes, else 256)")
      ->check(CLI::Range(0, 1 << 30))
      ->group(data);
  app.add_option("--limit", options.data.limit,
                 "use at most this many items of each split (0: all)")
      ->check(CLI::Range(0, 1 << 30))
      ->group(data);
  declare_run_inputs(app, options.run_inputs, data);
  declare_selection(app, options.model.selection, "Layers");
  declare_threads(app, options.threads);
}

}  // namespace posittune::cli
