# Reading and writing ONNX: sets onnx_sources, and the libraries onnx_libraries.
quern_optional(ONNX ProtobufC "ONNX files")
if(QUERN_WITH_ONNX)
  file(GLOB onnx_sources CONFIGURE_DEPENDS host/onnx/*.c)
  list(FILTER onnx_sources EXCLUDE REGEX "/absent\\.c$")
  set(onnx_made "${CMAKE_CURRENT_BINARY_DIR}/embedded/onnx.pb-c.c")
  file(MAKE_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}/embedded")
  add_custom_command(OUTPUT "${onnx_made}" "${CMAKE_CURRENT_BINARY_DIR}/embedded/onnx.pb-c.h"
    COMMAND "${ProtobufC_COMPILER}" --c_out=. -I "${CMAKE_CURRENT_SOURCE_DIR}/host/onnx" onnx.proto
    WORKING_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}/embedded" DEPENDS host/onnx/onnx.proto VERBATIM)
  # Generated code is free of our warnings and formatting.
  set_source_files_properties("${onnx_made}" PROPERTIES COMPILE_OPTIONS -w)
  list(APPEND onnx_sources "${onnx_made}")
  set(onnx_libraries ProtobufC::ProtobufC)
else()
  set(onnx_sources host/onnx/absent.c)
  set(onnx_libraries "")
endif()
