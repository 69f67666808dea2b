# Finds the system's protobuf-c. Defines ProtobufC::ProtobufC, and, unless only the component
# `library` is requested, ProtobufC_COMPILER.
find_path(ProtobufC_INCLUDE_DIR protobuf-c/protobuf-c.h)
find_library(ProtobufC_LIBRARY protobuf-c)
find_program(ProtobufC_COMPILER protoc-c)
set(ProtobufC_needs ProtobufC_LIBRARY ProtobufC_INCLUDE_DIR)
if(NOT "library" IN_LIST ProtobufC_FIND_COMPONENTS)
  list(APPEND ProtobufC_needs ProtobufC_COMPILER)
endif()
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(ProtobufC REQUIRED_VARS ${ProtobufC_needs}
  REASON_FAILURE_MESSAGE "install libprotobuf-c-dev and protobuf-c-compiler")
unset(ProtobufC_needs)
if(ProtobufC_FOUND AND NOT TARGET ProtobufC::ProtobufC)
  add_library(ProtobufC::ProtobufC UNKNOWN IMPORTED)
  set_target_properties(ProtobufC::ProtobufC PROPERTIES IMPORTED_LOCATION "${ProtobufC_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${ProtobufC_INCLUDE_DIR}")
endif()
mark_as_advanced(ProtobufC_INCLUDE_DIR ProtobufC_LIBRARY ProtobufC_COMPILER)
