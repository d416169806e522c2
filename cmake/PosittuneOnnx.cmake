# ONNX's messages as Debian's packages compiled them (libonnx-dev), for the exporter. What an older list of fields does
# not know is kept by protobuf when a file is read and written.
find_path(ONNX_INCLUDE_DIR onnx/onnx_pb.h REQUIRED)
find_library(ONNX_PROTO_LIBRARY onnx_proto REQUIRED)
find_library(PROTOBUF_LIBRARY protobuf REQUIRED)
add_library(posittune::onnx INTERFACE IMPORTED)
target_include_directories(posittune::onnx SYSTEM INTERFACE ${ONNX_INCLUDE_DIR})
target_compile_definitions(posittune::onnx INTERFACE ONNX_NAMESPACE=onnx ONNX_ML=1)
target_link_libraries(posittune::onnx INTERFACE ${ONNX_PROTO_LIBRARY} ${PROTOBUF_LIBRARY})
