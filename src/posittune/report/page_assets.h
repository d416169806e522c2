#pragma once

// Files of the page, which the build puts into the library.

#include <string_view>

namespace posittune::report {

std::string_view page_template();  // html/page.html: the page with a {{name}} for each part
std::string_view page_style();     // html/style.css
std::string_view page_script();    // html/*.js, one after the other
std::string_view plotly_script();  // plotly.min.js of the plotly wheel

}  // namespace posittune::report
