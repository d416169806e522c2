#include "posittune/session/run_details.h"

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

#include "posittune/quant/weight_format.h"

namespace posittune::session {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

template <class Setting>
std::optional<Setting> find(const std::map<std::string, Setting>& settings,
                            const std::string& name) {
  const auto found = settings.find(name);
  return found == settings.end() ? std::nullopt : std::optional(found->second);
}

// "posit<6,*>"; where windows have other formats, how many each: "posit<6,1> and 3 windows".
std::string format_of(const std::optional<quant::WeightSetting>& weight) {
  if (!weight) return "fp32";
  std::set<std::string> formats = {quant::format_text(*weight)};
  for (const quant::RowWindow& window : weight->windows)
    formats.insert(quant::format_text(window.format, window.alternatives));
  if (formats.size() == 1) return *formats.begin();
  std::string text = "mixed:";
  for (const std::string& format : formats) text += " " + format;
  return text;
}

std::string scale_of(const std::optional<quant::WeightSetting>& weight) {
  if (!weight) return "";
  const std::string rounding = quant::rounding_text(*weight);
  return std::string(quant::name(weight->rule)) + ", " + quant::granularity_text(*weight) +
         (rounding.empty() ? "" : ", " + rounding);
}

std::string input_of(const std::optional<quant::ActivationSetting>& input) {
  if (!input) return "fp32";
  const std::string format = formats::name(input->format);
  return input->scale == quant::ActivationScale::kStatic
             ? format
             : format + "@" + std::string(quant::name(input->scale));
}

}  // namespace

std::vector<records::DetailLayer> detail_layers(const model::Graph& graph,
                                                const cost::Loads& loads) {
  std::vector<records::DetailLayer> layers;
  for (std::size_t l = 0; l < graph.layers.size(); ++l) {
    const model::Layer& layer = graph.layers[l];
    records::DetailLayer made{.layer = layer.name, .kind = std::string(layer.kind->name)};
    if (layer.weight) {
      const model::Weight& weight = graph.weights[*layer.weight];
      made.weight = weight.name;
      made.rows = weight.rows;
      made.parameters = weight.size();
    }
    made.macs = loads.layers[l].macs;
    layers.push_back(std::move(made));
  }
  return layers;
}

Result<std::uint64_t> RowDetailer::setting_of(std::size_t l, const quant::Recipe& recipe,
                                              bool stores) {
  const model::Layer& layer = graph_.layers[l];
  const auto weight =
      layer.weight ? find(recipe.weights, graph_.weights[*layer.weight].name) : std::nullopt;
  const auto input = find(recipe.activations, layer.name);
  records::LayerSetting setting{.layer = l,
                                .format = layer.weight ? format_of(weight) : "",
                                .scale = scale_of(weight),
                                .input = input_of(input)};
  auto cost = costs_.layer_cost(l, weight, input);
  if (!cost) return cost.error();
  setting.compute_pj = cost->compute_pj;
  setting.memory_pj = cost->memory_pj;
  setting.area_um2 = cost->area_um2;
  if (stores) setting.bits = costs_.storage_cost(*layer.weight, weight).stored_bits;
  // Windows of other sizes store other bits under one text: these are settings of their own.
  const auto same = [&](const records::LayerSetting& other) { return other == setting; };
  const Key key{l, setting.format, setting.scale, setting.input, stores};
  const auto known = known_.find(key);
  if (known != known_.end() && same(details_.settings[known->second])) return known->second;
  details_.settings.push_back(setting);
  known_[key] = details_.settings.size() - 1;
  return details_.settings.size() - 1;
}

Status RowDetailer::add(const quant::Recipe& recipe, std::vector<double> item_losses) {
  records::RowDetails row{.settings = {}, .item_losses = std::move(item_losses)};
  std::set<std::size_t> stored;
  for (std::size_t l = 0; l < graph_.layers.size(); ++l) {
    const auto& weight = graph_.layers[l].weight;
    auto setting = setting_of(l, recipe, weight && stored.insert(*weight).second);
    if (!setting) return setting.error();
    row.settings.push_back(*setting);
  }
  details_.rows.push_back(std::move(row));
  return success();
}

std::vector<double> item_means(std::span<const double> sums, std::span<const double> counts) {
  std::vector<double> means;
  for (std::size_t i = 0; i < std::min(sums.size(), counts.size()); ++i)
    means.push_back(counts[i] > 0 ? sums[i] / counts[i] : kUnknown);
  return means;
}

}  // namespace posittune::session
