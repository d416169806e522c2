#pragma once

#include <map>
#include <string>

namespace posittune::engine {

// What results depend on, in their last digits at least, besides model, data and options. Keys of
// journals hold all of it.
//   sources   posittune::fingerprint()
//   openvino, onednn
//   products  product_paths(): this machine's
std::map<std::string, std::string> versions();

// "2.6.3", of the library in use.
std::string onednn_version();

}  // namespace posittune::engine
