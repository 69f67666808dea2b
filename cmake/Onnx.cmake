# The part of the library that reads and writes ONNX: sets onnx_sources, and onnx_libraries to link
# with.
quern_optional(ONNX ProtobufC "ONNX files")
if(QUERN_WITH_ONNX)
  file(GLOB onnx_sources CONFIGURE_DEPENDS host/onnx/*.c)
  list(FILTER onnx_sources EXCLUDE REGEX "/absent\\.c$")
  set(onnx_made "${CMAKE_CURRENT_BINARY_DIR}/embedded/onnx.pb-c.c")
  file(MAKE_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}/embedded")
  add_custom_command(OUTPUT "${onnx_made}" "${CMAKE_CURRENT_BINARY_DIR}/embedded/onnx.pb-c.h"
    COMMAND "${ProtobufC_COMPILER}" --c_out=. -I "${CMAKE_CURRENT_SOURCE_DIR}/host/onnx" onnx.proto
    WORKING_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}/embedded" DEPENDS host/onnx/onnx.proto VERBATIM)
  # Not our code: neither our warnings nor our formatting.
  set_source_files_properties("${onnx_made}" PROPERTIES COMPILE_OPTIONS -w)
  list(APPEND onnx_sources "${onnx_made}")
  set(onnx_libraries ProtobufC::ProtobufC)
else()
  set(onnx_sources host/onnx/absent.c)
  set(onnx_libraries "")
endif()
