# cmake --install: the program, its models and hardware sources in share/posittune, where it looks for them, and the
# rooms as static libraries for find_package(posittune), target posittune::posittune. The command line is no library.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(rooms base formats kernels cuda records data metrics quant report model engine exporter evaluation sensitivity cost hardware search tuning session)
list(TRANSFORM rooms PREPEND posittune_)
add_library(posittune_libraries INTERFACE)
target_link_libraries(posittune_libraries INTERFACE ${rooms})
target_include_directories(posittune_libraries INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
set_target_properties(posittune_libraries PROPERTIES EXPORT_NAME posittune)
add_library(posittune::posittune ALIAS posittune_libraries)

# OpenVINO is used where it was found: its libraries are not copied.
get_target_property(openvino_library openvino::runtime IMPORTED_LOCATION_RELEASE)
get_filename_component(openvino_libraries "${openvino_library}" DIRECTORY)
set_target_properties(posittune PROPERTIES INSTALL_RPATH "${openvino_libraries}")

install(TARGETS posittune RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS posittune_libraries ${rooms} EXPORT posittune ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY src/posittune/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/posittune
  FILES_MATCHING PATTERN "*.h" PATTERN "cli" EXCLUDE PATTERN "*-inl.h" EXCLUDE PATTERN "simd_*.h" EXCLUDE)
foreach(model gpt2 albert yolo)
  install(DIRECTORY zoo/${model} DESTINATION share/posittune/zoo)
endforeach()
install(DIRECTORY rtl/src rtl/syn rtl/doc DESTINATION share/posittune/rtl PATTERN "__pycache__" EXCLUDE)
install(FILES LICENSE CITATION.cff DESTINATION ${CMAKE_INSTALL_DOCDIR})
posittune_install_texts(share)

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/posittune)
install(EXPORT posittune NAMESPACE posittune:: FILE posittuneTargets.cmake DESTINATION ${package})
configure_package_config_file(cmake/posittuneConfig.cmake.in ${PROJECT_BINARY_DIR}/generated/posittuneConfig.cmake
  INSTALL_DESTINATION ${package} NO_SET_AND_CHECK_MACRO)
# Before 1.0 a minor version may change anything.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/generated/posittuneConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/generated/posittuneConfig.cmake ${PROJECT_BINARY_DIR}/generated/posittuneConfigVersion.cmake
              cmake/PosittuneOpenVINO.cmake cmake/PosittuneOneDNN.cmake cmake/PosittuneOnnx.cmake DESTINATION ${package})
