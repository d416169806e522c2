# What the HTML report is made of, in ${PROJECT_BINARY_DIR}/generated/page: the page's own files, and Plotly.js, which the
# `plotly` wheel brings. posittune_plotly_js may name another one.
if(NOT posittune_plotly_js)
  execute_process(
    COMMAND ${Python3_EXECUTABLE} -c "import importlib.util as u, os; print(os.path.join(os.path.dirname(u.find_spec('plotly').origin), 'package_data', 'plotly.min.js'))"
    OUTPUT_VARIABLE found OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_VARIABLE reason RESULT_VARIABLE status)
  if(NOT status EQUAL 0 OR NOT EXISTS ${found})
    message(FATAL_ERROR "${Python3_EXECUTABLE} has no plotly: ${reason} (status ${status}, looked for '${found}')\n"
      "  do: pip install -r scripts/requirements.txt and -DPython3_EXECUTABLE=that Python, or -Dposittune_plotly_js=plotly.min.js")
  endif()
  set(posittune_plotly_js ${found} CACHE FILEPATH "Plotly.js, minified, for the HTML report")
endif()

set(posittune_page ${PROJECT_BINARY_DIR}/generated/page)
set(html ${PROJECT_SOURCE_DIR}/src/posittune/report/html)
# In this order in one script: each uses only those before it.
set(scripts base colours controls tables plots card comparison sensitivity pareto assignment layers items costs runs main)
list(TRANSFORM scripts PREPEND ${html}/)
list(TRANSFORM scripts APPEND .js)
set(posittune_page_files ${posittune_page}/page.html ${posittune_page}/style.css ${posittune_page}/script.js ${posittune_page}/plotly.min.js)
file(MAKE_DIRECTORY ${posittune_page})
add_custom_command(OUTPUT ${posittune_page_files}
  COMMAND ${CMAKE_COMMAND} -E copy ${html}/page.html ${html}/style.css ${posittune_page}
  COMMAND ${CMAKE_COMMAND} -DFROM=${posittune_plotly_js} -DTO=${posittune_page}/plotly.min.js -P ${CMAKE_CURRENT_LIST_DIR}/PlotlyEager.cmake
  COMMAND ${CMAKE_COMMAND} -E cat ${scripts} > ${posittune_page}/script.js
  DEPENDS ${html}/page.html ${html}/style.css ${scripts} ${posittune_plotly_js}
    ${CMAKE_CURRENT_LIST_DIR}/PlotlyEager.cmake VERBATIM)
# The assembler reads them, so the compiler's list of what a file depends on does not have them.
set_source_files_properties(${CMAKE_CURRENT_SOURCE_DIR}/report/page_assets.cc PROPERTIES
  OBJECT_DEPENDS "${posittune_page_files}" COMPILE_DEFINITIONS POSITTUNE_PAGE_FOLDER="${posittune_page}")
target_sources(posittune_report PRIVATE ${posittune_page_files})
