#include "posittune/model/select.h"

#include <regex>

#include "posittune/base/nearest.h"
#include "posittune/model/graph.h"

namespace posittune::model {
namespace {

Result<std::vector<bool>> matches(const Graph& graph, const std::string& expression,
                                  const char* field) {
  std::vector<bool> hit(graph.layers.size(), false);
  bool any = false;
  try {
    const std::regex pattern(expression);
    for (std::size_t i = 0; i < graph.layers.size(); ++i) {
      const Layer& layer = graph.layers[i];
      hit[i] = std::regex_search(layer.name, pattern) ||
               (layer.weight && std::regex_search(graph.weights[*layer.weight].name, pattern));
      any = any || hit[i];
    }
  } catch (const std::regex_error& error) {
    return Error{.kind = ErrorKind::kUsage,
                 .what = "not a regular expression: '" + expression + "'",
                 .where = std::string("`") + field + "`",
                 .found = error.what(),
                 .hint = "ECMAScript syntax, for example 'h\\.[0-3]\\.mlp'"};
  }
  if (!any) {
    std::vector<std::string> names;
    for (const Layer& layer : graph.layers) names.push_back(layer.name);
    for (const Weight& weight : graph.weights) names.push_back(weight.name);
    return Error{.kind = ErrorKind::kUsage,
                 .what = "no layer matches '" + expression + "'",
                 .where = std::string("`") + field + "`, " + graph.path,
                 .expected = "names like " + joined(nearest(expression, names, 3)),
                 .hint = "`posittune inspect` lists the names of layers and weights"};
  }
  return hit;
}

}  // namespace

std::string attention_note(const Graph& graph) {
  for (const Layer& layer : graph.layers) {
    if (!layer.kind->weight_port) return "";
  }
  return "attention is asked for, and the model has no product of two activations that can be "
         "quantized";
}

Result<std::vector<bool>> select(const Graph& graph, const Selection& selection) {
  std::vector<bool> chosen(graph.layers.size(), selection.include.empty());
  for (const std::string& expression : selection.include) {
    auto hit = matches(graph, expression, "include");
    if (!hit) return hit.error();
    for (std::size_t i = 0; i < chosen.size(); ++i) chosen[i] = chosen[i] || (*hit)[i];
  }
  for (const std::string& expression : selection.exclude) {
    auto hit = matches(graph, expression, "exclude");
    if (!hit) return hit.error();
    for (std::size_t i = 0; i < chosen.size(); ++i) chosen[i] = chosen[i] && !(*hit)[i];
  }
  if (!selection.attention) {
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      if (!graph.layers[i].kind->weight_port) chosen[i] = false;
    }
  }
  return chosen;
}

}  // namespace posittune::model
