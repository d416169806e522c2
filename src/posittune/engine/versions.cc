#include "posittune/engine/versions.h"

#include <oneapi/dnnl/dnnl.h>

#include "posittune/engine/path_speed.h"
#include "posittune/model/graph.h"

namespace posittune::engine {

std::string onednn_version() {
  const dnnl_version_t* version = dnnl_version();
  return std::to_string(version->major) + "." + std::to_string(version->minor) + "." +
         std::to_string(version->patch);
}

std::map<std::string, std::string> versions() {
  return {{"sources", fingerprint()},
          {"openvino", model::openvino_version()},
          {"onednn", onednn_version()},
          {"products", product_paths()}};
}

}  // namespace posittune::engine
