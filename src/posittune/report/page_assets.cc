#include "posittune/report/page_assets.h"

// The assembler takes the files as they are: plotly.min.js has 5 MB, and as an array in C++ it
// takes half a minute to compile. POSITTUNE_PAGE_FOLDER: with the files, of CMake.
#define POSITTUNE_EMBED(symbol, file)                                     \
  asm(".section .rodata\n"                                                \
      ".globl " #symbol "_begin\n.globl " #symbol "_end\n" #symbol        \
      "_begin:\n.incbin \"" POSITTUNE_PAGE_FOLDER "/" file "\"\n" #symbol \
      "_end:\n.byte 0\n.previous\n");                                     \
  extern "C" const char symbol##_begin[], symbol##_end[]

POSITTUNE_EMBED(posittune_page_template, "page.html");
POSITTUNE_EMBED(posittune_page_style, "style.css");
POSITTUNE_EMBED(posittune_page_script, "script.js");
POSITTUNE_EMBED(posittune_plotly_script, "plotly.min.js");

namespace posittune::report {

std::string_view page_template() {
  return {posittune_page_template_begin, posittune_page_template_end};
}
std::string_view page_style() { return {posittune_page_style_begin, posittune_page_style_end}; }
std::string_view page_script() { return {posittune_page_script_begin, posittune_page_script_end}; }
std::string_view plotly_script() {
  return {posittune_plotly_script_begin, posittune_plotly_script_end};
}

}  // namespace posittune::report
