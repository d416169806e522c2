// posittune zoo: the models that come with the project.

#include <fmt/ostream.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "posittune/cli/cli.h"
#include "posittune/cli/command_tree.h"
#include "posittune/cli/common_options.h"
#include "posittune/records/json_fields.h"
#include "posittune/report/table.h"
#include "posittune/session/zoo_models.h"

namespace posittune::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::string name;
  bool json = false;
};

std::string where(const session::ZooModel& model) {
  if (model.present) return model.folder;
  return model.fetch.empty() ? "not found (set POSITTUNE_ZOO)"
                             : "get it with `" + model.fetch + "`";
}

void print_one(const session::ZooModel& model, std::ostream& out) {
  fmt::print(out, "{}\n", model.summary);
  if (!model.present) {
    fmt::print(out, "{}\n", where(model));
    return;
  }
  fmt::print(out, "model  {}\ndata   {}\ncard   {}/CARD.md\n\n", model.model(), model.data(),
             model.folder);
  fmt::print(out, "posittune inspect zoo:{0}\nposittune compare zoo:{0}\n", model.name);
}

Status zoo(const Options& options, Streams streams) {
  std::vector<session::ZooModel> models = session::zoo_models();
  if (!options.name.empty()) {
    const auto one = std::find_if(models.begin(), models.end(), [&](const session::ZooModel& m) {
      return m.name == options.name;
    });
    if (one == models.end()) {
      auto unknown = session::resolve_model("zoo:" + options.name);
      return unknown.ok() ? success() : Status(unknown.error());
    }
    models = {*one};
  }
  if (options.json) {
    Json rows = Json::array();
    for (const session::ZooModel& model : models) {
      rows.push_back({{"name", model.name},
                      {"summary", model.summary},
                      {"present", model.present},
                      {"model", model.model()},
                      {"data", model.data()},
                      {"fetch", model.fetch}});
    }
    streams.out << records::document_text(Json{{"rows", rows}});
    return success();
  }
  if (!options.name.empty()) {
    print_one(models.front(), streams.out);
    return success();
  }
  report::Table table({{"name"}, {"what"}, {"where"}});
  for (const session::ZooModel& model : models)
    table.add_row({"zoo:" + model.name, model.summary, where(model)});
  fmt::print(streams.out, "{}", table.text());
  return success();
}

Action declare(CLI::App& app, Streams streams) {
  auto options = std::make_shared<Options>();
  std::vector<std::string> names;
  for (const session::ZooModel& model : session::zoo_models()) names.push_back(model.name);
  offer(app.add_option("NAME", options->name, "show only this model"), names);
  declare_json(app, options->json);
  app.footer(
      "A name with zoo: in front stands for a model and its data: `posittune compare zoo:gpt2`.");
  return [options, streams] { return zoo(*options, streams); };
}

}  // namespace

extern const Command kZoo = {"zoo", "models that come with the project", declare};

}  // namespace posittune::cli
