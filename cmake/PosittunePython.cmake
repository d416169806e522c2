# The Python package in ${CMAKE_BINARY_DIR}/python (on a PYTHONPATH it is what a wheel holds): the extension, and links to
# the sources. nanobind comes as a Python package that holds its sources and CMake files.
set(Python_EXECUTABLE ${Python3_EXECUTABLE})
find_package(Python 3.10 REQUIRED COMPONENTS Interpreter Development.Module OPTIONAL_COMPONENTS Development.SABIModule)
execute_process(COMMAND ${Python_EXECUTABLE} -m nanobind --cmake_dir
  OUTPUT_VARIABLE nanobind_ROOT OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_VARIABLE reason RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "${Python_EXECUTABLE} has no nanobind: ${reason}\n  do: pip install -r scripts/requirements.txt")
endif()
find_package(nanobind CONFIG REQUIRED)

set(posittune_package ${CMAKE_BINARY_DIR}/python/posittune)
file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/python/bindings/*.cc)
nanobind_add_module(posittune_python STABLE_ABI NB_STATIC ${sources})
target_link_libraries(posittune_python PRIVATE posittune_libraries)
# Our warnings are not those of its headers.
target_include_directories(posittune_python SYSTEM PRIVATE ${nanobind_ROOT}/../include)
set_target_properties(posittune_python PROPERTIES OUTPUT_NAME _core LIBRARY_OUTPUT_DIRECTORY ${posittune_package}
  INSTALL_RPATH "$ORIGIN/../openvino/libs")
file(GLOB_RECURSE modules CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}/python/posittune
  ${PROJECT_SOURCE_DIR}/python/posittune/*.py ${PROJECT_SOURCE_DIR}/python/posittune/*.pyi
  ${PROJECT_SOURCE_DIR}/python/posittune/py.typed)
foreach(module IN LISTS modules)
  get_filename_component(folder ${posittune_package}/${module} DIRECTORY)
  file(MAKE_DIRECTORY ${folder})
  file(CREATE_LINK ${PROJECT_SOURCE_DIR}/python/posittune/${module} ${posittune_package}/${module} SYMBOLIC)
endforeach()

# What a wheel holds beside the sources. OpenVINO's libraries are in a wheel of their own, next to it.
install(TARGETS posittune_python LIBRARY DESTINATION posittune COMPONENT python)
if(SKBUILD)
  set_target_properties(posittune PROPERTIES INSTALL_RPATH "$ORIGIN/../../openvino/libs")
  install(TARGETS posittune RUNTIME DESTINATION posittune/bin COMPONENT python)
  foreach(model gpt2 albert yolo)
    install(DIRECTORY zoo/${model} DESTINATION posittune/share/posittune/zoo COMPONENT python)
  endforeach()
  install(DIRECTORY rtl/src rtl/syn rtl/doc DESTINATION posittune/share/posittune/rtl COMPONENT python PATTERN "__pycache__" EXCLUDE)
  posittune_install_texts(${SKBUILD_DATA_DIR}/share COMPONENT python)
endif()
