#pragma once

#include <map>
#include <string>

namespace posittune::engine {

// Versions that results depend on, at least in their last digits, besides model, data and options.
// Keys of journals hold all of them.
//   sources   posittune::fingerprint()
//   openvino, onednn
//   products  product_paths(): this machine's
std::map<std::string, std::string> versions();

// The version of the oneDNN library in use: "2.6.3".
std::string onednn_version();

}  // namespace posittune::engine
