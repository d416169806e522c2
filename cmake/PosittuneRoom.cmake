# posittune_add_room(NAME DEPENDS other rooms LIBS external libraries)
# One folder is one static library posittune_NAME of all its .cc files.
function(posittune_add_room name)
  cmake_parse_arguments(ROOM "" "" "DEPENDS;LIBS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cc)
  if(NOT sources)  # headers only
    add_library(posittune_${name} INTERFACE)
    target_link_libraries(posittune_${name} INTERFACE posittune_compile)
    return()
  endif()
  add_library(posittune_${name} STATIC ${sources})
  # Our warnings are not those of who uses the installed libraries.
  target_link_libraries(posittune_${name} PUBLIC $<BUILD_INTERFACE:posittune_compile> ${ROOM_LIBS})
  target_compile_features(posittune_${name} PUBLIC cxx_std_20)
  foreach(other IN LISTS ROOM_DEPENDS)
    target_link_libraries(posittune_${name} PUBLIC posittune_${other})
  endforeach()
endfunction()
